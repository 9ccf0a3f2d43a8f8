"""Which columns of a table a network takes, and why not the others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from imbtorch.data.splits import Reading
from imbtorch.data.tables.column_roles import (
    OTHER_LABELS,
    counts_rows,
    is_empty,
    is_label_again,
    mean_words,
    role_of_column,
    seen_strings,
)
from imbtorch.errors import InputError

IMAGE = re.compile(
    r"(.*[_ .-])?(image|img|picture|photo|file|filename|path)([_ .-]?(name|path|file|\d+))*",
    re.IGNORECASE,
)
"""Names of the column of images, where there are several."""
FEW = 10
"""Rows below which numbers without a gap may well be a coincidence."""
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
            "features": f"columns of numbers ({len(self.used)})",
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
    ``--columns``. Columns that are named are used in the order in which they are named.

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
    seen = seen_strings(table)
    for name, feature in table.features.items():
        if name == label:
            continue
        if asked and name not in asked:
            dropped[name] = "not among --columns"
            continue
        if not asked and (name.lower() in OTHER_LABELS or is_label_again(table, name, label)):
            dropped[name] = "another label"
            continue
        if is_empty(table, name):
            dropped[name] = "empty"
            continue
        role = role_of_column(name, feature, seen[name], bool(asked))
        if role in found:
            found[role].append(name)
            words[name] = mean_words(seen[name]) if role == "text" else 0
        else:
            dropped[name] = role
    _drop_row_numbers(table, found, dropped, bool(asked))
    columns = _settle(found, dropped, words, bool(asked))
    if asked:  # a trained network needs them in its own order, whatever that of the table is
        return replace(columns, used=tuple(sorted(columns.used, key=asked.index)))
    return columns


def _settle(
    found: dict[str, list[str]], dropped: dict[str, str], words: dict[str, float], asked: bool
) -> Columns:
    """Choose the kind of input from what was found, and say why the other columns are dropped."""
    images, texts, numbers, categories = found.values()
    kinds = [names for names in (images, texts, numbers) if names]
    if asked and len(kinds) > 1:
        of = " and ".join(f"{_some(names)}" for names in kinds)
        raise InputError(f"columns are of several kinds ({of}); images, texts or numbers are taken")
    if len(images) > 1:
        named = [name for name in images if IMAGE.fullmatch(name.strip())]
        if len(named) != 1:
            raise InputError(
                f"DATA has several columns of images ({_some(images)}): name one with --columns"
            )
        images = [*named, *(name for name in images if name not in named)]
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


def _drop_row_numbers(
    table: Any, found: dict[str, list[str]], dropped: dict[str, str], asked: bool
) -> None:
    """Drop columns of numbers that number the rows, unless nothing else is left."""
    if asked or len(table) < FEW:
        return
    for name in [*found["number"]]:
        feature = table.features[name]
        if not str(getattr(feature, "dtype", "")).startswith(("int", "uint", "float")):
            continue
        others = sum(map(len, found.values())) - 1
        if others and counts_rows(table, name, first=table.column_names[0] == name):
            found["number"].remove(name)
            dropped[name] = "a row number"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
