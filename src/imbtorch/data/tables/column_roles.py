"""What a column of a table is: images, texts, numbers, categories, or of no use and why."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from imbtorch.data.images.files import are_image_files, is_stored_image
from imbtorch.data.tables.written import BLANK, CODE, DATE, NUMBER
from imbtorch.data.texts.text_input import NO_SPACES

LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "class", "y")
OTHER_LABELS = (*LABEL_COLUMNS, "coarse_label")
IDENTIFIER = re.compile(
    r"(?i:unnamed: [\d.]+|__index_level_\d+__|level_\d+|index|idx|row|rownames|row_?(id|nr|num)"
    r"|id|uu?id|guid|.+[_ .-](id|uu?id|guid)|)|.+[a-z](ID|Id)"
)
NUMBERED = re.compile(r".*(number|num|code|serial|account|[_ .-](no|nr))", re.IGNORECASE)
"""Names of columns that are keys if no number occurs twice."""
TEXT = re.compile(
    r"(.+[_ .-])?(text|title|subject|headline|body|content|sentence|review|message|description"
    r"|comment|question|answer|abstract|summary|document|utterance|tweet|post)[_ .-]?\d*",
    re.IGNORECASE,
)
"""Names of columns of texts, however short or often repeated these are."""
SEEN = 2_000
"""Rows that are looked at to find out what a column of strings holds, evenly spaced."""


def seen_strings(table: Any) -> dict[str, list[Any]]:
    """Return some values of each column of strings or of lists of strings."""
    strings = [n for n, f in table.features.items() if _is_string(f) or _is_words(f)]
    part = table.select(_spaced(table)).select_columns(strings).to_dict() if strings else {}
    return {name: part.get(name, []) for name in table.column_names}


def is_label_again(table: Any, name: str, label: str) -> bool:
    """Whether a column named after the label, or after a class, is the label in another form.

    So it is if the label alone decides its values, and these are not all the same.
    """
    words = {*re.split(r"[\W_]+", name.lower())}
    seen = table.select(_spaced(table)).select_columns([name, label]).to_dict()
    classes = {str(value) for value in seen[label]}
    named = {*LABEL_COLUMNS, *re.split(r"[\W_]+", label.lower()), *(c.lower() for c in classes)}
    if not words & named - {""}:
        return False
    pairs = {(str(a), str(b)) for a, b in zip(seen[name], seen[label], strict=True)}
    return len(pairs) == len(classes) and len({value for value, _ in pairs}) > 1


def say_label(table: Any, names: Sequence[str], label: str) -> list[str]:
    """Return the columns whose values and the labels decide each other.

    Of columns of single values, and where there are too many rows for chance.
    """
    rows = _spaced(table)
    single = [n for n in names if type(table.features[n]).__name__ in ("Value", "ClassLabel")]
    if not single:
        return []
    seen = table.select(rows).select_columns([*single, label]).to_pandas().astype(str)
    classes = seen[label].nunique()
    if len(rows) < 10 * classes:
        return []
    alike = [name for name in single if seen[name].nunique() == classes]
    return [name for name in alike if len(seen[[name, label]].drop_duplicates()) == classes]


def is_empty(table: Any, name: str) -> bool:
    """Whether a column has no value at all."""
    first = table.select(range(min(8, len(table)))).with_format("arrow")[name][:]
    if first.null_count < len(first):
        return False
    return bool(table.select_columns([name]).to_pandas()[name].isna().all())


def _spaced(table: Any) -> np.ndarray:
    """Return row numbers to look at, evenly spaced."""
    return np.unique(np.linspace(0, len(table) - 1, SEEN).astype(int))


def role_of_column(name: str, feature: Any, seen: list[Any], asked: bool) -> str:
    """Return image, text, number, category or date, or why a column is of none of these kinds.

    A column of strings that look like them is of ``written numbers`` or ``written dates``.
    """
    dtype = str(getattr(feature, "dtype", ""))
    if type(feature).__name__ == "Image" or is_stored_image(feature):
        return "image"
    if hasattr(feature, "names"):
        return "category"
    if _is_words(feature):
        return "text"
    if _is_string(feature):
        return _role_of_strings(name, [s for s in seen if s is not None], asked)
    if dtype.startswith(("int", "uint", "float", "bool", "decimal")):
        return "an identifier" if IDENTIFIER.fullmatch(name.strip()) and not asked else "number"
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    if inner is not None and str(getattr(inner, "dtype", "")).startswith(("int", "uint", "float")):
        return "number"
    if dtype.startswith(("timestamp", "date")):
        return "date"
    if dtype.startswith(("time", "duration")):
        return "times: write them as numbers to use them"
    return "empty" if dtype == "null" else f"of type {dtype or type(feature).__name__}"


def _role_of_strings(name: str, seen: list[str], asked: bool) -> str:
    values = [s.strip() for s in seen if s.strip()]
    if not values:
        return "text" if asked else "empty"
    if are_image_files(values):
        return "image"
    if asked:
        return "text"
    there = [v for v in values if v.lower() not in BLANK]
    if there and all(map(DATE.fullmatch, there)):
        return "written dates"
    coded = any(re.fullmatch(CODE, v) for v in there)
    if there and all(map(NUMBER.fullmatch, there)) and not coded:
        return "written numbers"
    if TEXT.fullmatch(name.strip()):
        return "text"
    words = sum(len(v.split()) == 1 and not NO_SPACES.search(v) for v in values)
    single = words > 0.9 * len(values)
    distinct = len(set(values)) / len(values)
    if single and (distinct > 0.95 or IDENTIFIER.fullmatch(name.strip())) and len(values) > 1:
        return "an identifier: its values are all different single words"
    return "category" if single or distinct < 0.2 else "text"


def counts_rows(table: Any, name: str, *, first: bool) -> bool:
    """Whether a column of whole numbers, each there once, is a number of the row or its key.

    So it is if they have no gap, if they rise in the first column, or by its name.
    """
    values = table.select_columns([name]).to_pandas()[name]
    if values.hasnans or not values.is_unique or (values % 1 != 0).any():
        return False
    gapless = values.max() - values.min() == len(values) - 1
    return bool(
        gapless or (first and values.is_monotonic_increasing) or NUMBERED.fullmatch(name.strip())
    )


def mean_words(seen: Sequence[Any]) -> float:
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
