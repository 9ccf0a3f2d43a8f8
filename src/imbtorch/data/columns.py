"""What each column of a table is, which of them a network takes, and why not the others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imbtorch.data.image_files import are_image_files
from imbtorch.data.splits import Reading
from imbtorch.data.texts import NO_SPACES
from imbtorch.errors import InputError

LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "class", "y")
OTHER_LABELS = (*LABEL_COLUMNS, "coarse_label")
IDENTIFIER = re.compile(
    r"(?i:unnamed: \d+|__index_level_\d+__|index|idx|row|rownames|row_?(id|nr|num|number|index)"
    r"|id|uu?id|guid|.+[_ .-](id|uu?id|guid)|)|.+[a-z](ID|Id)"
)
DATE = re.compile(r"\d{4}-\d\d?-\d\d?([ T].*)?|\d\d?[./-]\d\d?[./-]\d{2,4}( .*)?")
NUMBER = re.compile(r"[-+]?[\d.,' ]*\d[\d.,' ]*%?")
SEEN = 2_000
"""Rows that are looked at to find out what a column of strings holds, evenly spaced."""
PROSE = 6.0
"""Words a text from which on texts are used rather than the columns of numbers beside them."""


@dataclass(frozen=True)
class Columns:
    """The input columns of a table.

    Attributes
    ----------
    kind : str
        image, text or features.
    used : tuple of str
        Columns that the network takes: one of images, or all of texts or of numbers.
    dropped : dict
        Every other column -> why it is not used.
    """

    kind: str
    used: tuple[str, ...]
    dropped: dict[str, str] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """Return what is used, how, and what is not, as sentences."""
        how = {
            "image": "images",
            "features": f"{len(self.used)} columns of numbers",
            "text": "texts, joined" if len(self.used) > 1 else "texts",
        }[self.kind]
        notes = [f"input, {how}: {_some(self.used)}"]
        reasons: dict[str, list[str]] = {}
        for name, reason in self.dropped.items():
            reasons.setdefault(reason, []).append(name)
        return notes + [f"not used: {_some(names)} ({why})" for why, names in reasons.items()]


def find_columns(table: Any, label: str, reading: Reading) -> Columns:
    """Find the input columns of a table.

    Images come first, then texts, if they are longer than a few words or there are no numbers,
    then numbers. Identifiers, row numbers, dates, categories and empty columns are not used; see
    ``--columns``.

    Parameters
    ----------
    table : datasets.Dataset
        The training split.
    label : str
        Its label column.
    reading : Reading
        May name the columns to use.

    Raises
    ------
    InputError
        If a column named is missing or of no use, or no column is of use.
    """
    asked = reading.columns
    if missing := [name for name in asked if name not in table.column_names]:
        raise InputError(
            f"columns is {', '.join(asked)}; DATA has no column {missing[0]!r}, but "
            f"{_some(table.column_names)}"
        )
    found: dict[str, list[str]] = {"image": [], "text": [], "number": [], "category": []}
    dropped: dict[str, str] = {}
    words: dict[str, float] = {}
    seen = _seen(table)
    for name, feature in table.features.items():
        if name == label:
            continue
        if asked and name not in asked:
            dropped[name] = "not among --columns"
            continue
        if name.lower() in OTHER_LABELS and not asked:
            dropped[name] = "another label"
            continue
        if _is_empty(table, name):
            dropped[name] = "empty"
            continue
        role = _role(name, feature, seen[name], bool(asked))
        if role in found:
            found[role].append(name)
            words[name] = _words(seen[name]) if role == "text" else 0
        else:
            dropped[name] = role
    _drop_row_numbers(table, found, dropped, bool(asked))
    return _settle(found, dropped, words)


def _settle(
    found: dict[str, list[str]], dropped: dict[str, str], words: dict[str, float]
) -> Columns:
    """Choose the kind of input from what was found, and say why the other columns are dropped."""
    images, texts, numbers, categories = found.values()
    if images:
        kind, used = "image", images[:1]
        rest = dict.fromkeys(images[1:], "a second image")
    elif texts and (not numbers or max(words[name] for name in texts) >= PROSE):
        kind, used, rest = "text", texts, {}
    elif numbers:
        kind, used, rest = "features", numbers, {}
    elif categories:
        kind, used, rest = "text", categories, {}
    else:
        raise InputError(
            "DATA has no column of images, texts or numbers besides its label"
            + "".join(f"; {name}: {reason}" for name, reason in [*dropped.items()][:8])
            + (": name the ones to use with --columns" if dropped else "")
        )
    for name in (*texts, *numbers):
        rest.setdefault(name, f"beside {'images' if kind == 'image' else _PLURAL[kind]}")
    for name in categories:
        rest.setdefault(name, "categories: write them as numbers to use them")
    rest = {name: reason for name, reason in rest.items() if name not in used}
    return Columns(kind, tuple(used), {**dropped, **rest})


_PLURAL = {"text": "texts", "features": "numbers"}


def _seen(table: Any) -> dict[str, list[Any]]:
    """Return some values of each column of strings."""
    rows = np.unique(np.linspace(0, len(table) - 1, SEEN).astype(int))
    strings = [n for n, f in table.features.items() if _is_string(f) or _is_words(f)]
    part = table.select(rows).select_columns(strings).to_dict() if strings else {}
    return {name: part.get(name, []) for name in table.column_names}


def _is_empty(table: Any, name: str) -> bool:
    first = table.select(range(min(8, len(table)))).with_format("arrow")[name][:]
    if first.null_count < len(first):
        return False
    return bool(table.select_columns([name]).to_pandas()[name].isna().all())


def _role(name: str, feature: Any, seen: list[Any], asked: bool) -> str:
    """Return image, text, number or category, or why a column is of none of these kinds."""
    dtype = str(getattr(feature, "dtype", ""))
    if type(feature).__name__ == "Image":
        return "image"
    if _is_words(feature):
        return "text"
    if _is_string(feature):
        return _role_of_strings(name, [s for s in seen if s is not None], asked)
    if dtype.startswith(("int", "uint", "float", "bool", "decimal")):
        return "an identifier" if IDENTIFIER.fullmatch(name.strip()) and not asked else "number"
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    if inner is not None and str(getattr(inner, "dtype", "")).startswith(("int", "uint", "float")):
        return "number"
    if dtype.startswith(("timestamp", "date", "time", "duration")):
        return "dates: write them as numbers to use them"
    return "empty" if dtype == "null" else f"of type {dtype or type(feature).__name__}"


def _role_of_strings(name: str, seen: list[str], asked: bool) -> str:
    values = [s.strip() for s in seen if s.strip()]
    if not values:
        return "text" if asked else "empty"
    if are_image_files(values):
        return "image"
    if asked:
        return "text"
    if all(DATE.fullmatch(v) for v in values):
        return "dates: write them as numbers to use them"
    if all(NUMBER.fullmatch(v) for v in values):
        return "numbers written as text"
    single = sum(len(v.split()) == 1 and not NO_SPACES.search(v) for v in values) > 0.9 * len(
        values
    )
    distinct = len(set(values)) / len(values)
    if single and (distinct > 0.95 or IDENTIFIER.fullmatch(name.strip())) and len(values) > 1:
        return "an identifier: its values are all different single words"
    return "category" if single or distinct < 0.2 else "text"


def _drop_row_numbers(
    table: Any, found: dict[str, list[str]], dropped: dict[str, str], asked: bool
) -> None:
    """Drop columns of integers that count the rows, unless nothing else is left."""
    if asked or len(table) < 3:
        return
    for name in [*found["number"]]:
        feature = table.features[name]
        if not str(getattr(feature, "dtype", "")).startswith(("int", "uint")):
            continue
        if sum(map(len, found.values())) > 1 and _counts_rows(table, name):
            found["number"].remove(name)
            dropped[name] = "a row number"


def _counts_rows(table: Any, name: str) -> bool:
    first, last = (table.select([i])[name][0] for i in (0, len(table) - 1))
    if first is None or last is None or last - first != len(table) - 1:
        return False
    values = table.select_columns([name]).to_pandas()[name].to_numpy()
    return bool((np.diff(values) == 1).all())


def _words(seen: Sequence[Any]) -> float:
    """Return the mean number of words of texts; without spaces, two characters are a word."""
    lengths = [
        len(s) if isinstance(s, list) else len(s.split()) + len(NO_SPACES.findall(s)) / 2
        for s in seen
        if s
    ]
    return float(np.mean(lengths)) if lengths else 0.0


def _is_string(feature: Any) -> bool:
    return getattr(feature, "dtype", None) in ("string", "large_string") and not hasattr(
        feature, "names"
    )


def _is_words(feature: Any) -> bool:
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    return inner is not None and _is_string(inner)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
