"""What a network takes of one column of a table: a number, a part of a date, or categories."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from imbtorch.data.tables.written import (
    MISSING,
    ORDERS,
    SIGNS,
    part_of_date,
    read_dates,
    read_numbers,
    sign_of,
)
from imbtorch.errors import InputError, unknown_name
from imbtorch.extras import extra

RARE = 5
"""A category with fewer training rows has no input of its own."""
MOST = 100
"""Categories of a column that have one: the most frequent."""
OTHERS = ""
"""Stands for all other categories of a column; no category is empty."""
SPELLED: dict[str, str | None] = {
    **dict.fromkeys(MISSING),
    **{word: name for name in ("True", "False") for word in (name.upper(), name.lower())},
}
"""Cells of files in another spelling -> the category that they are, if they are none themselves."""
PARTS = ("days", "month", "weekday", "hour")
"""What of a date becomes a number."""


@dataclass(frozen=True)
class NumberInput:
    """A number, or a part of a date, standardized with its training mean and deviation.

    Parameters
    ----------
    column : str
        Its column.
    part : str
        ``value``; or ``days``, ``month``, ``weekday`` or ``hour`` of a date.
    style : str
        How the numbers or dates are written, see `style_of_numbers` and `style_of_dates`.
    fill : float
        Stands in for a missing value: the training median.
    mean, std : float
        Over training rows, missing values filled.
    sign : str, optional
        The sign or unit that the numbers are written with, "" for none; by default, any is taken.
    """

    column: str
    part: str
    style: str
    fill: float
    mean: float
    std: float
    sign: str | None = None

    @classmethod
    def fit(cls, values: Any, part: str, style: str) -> "NumberInput | None":
        """Measure the training rows of a column, a Series; None if they do not differ."""
        numbers = _numbers(values, part, style)
        there = numbers[~np.isnan(numbers)]
        if len(there) == 0 or there.min() == there.max():
            return None
        fill = float(np.median(there))
        filled = np.where(np.isnan(numbers), fill, numbers)
        with np.errstate(over="ignore"):
            mean, std = float(filled.mean()), float(filled.std())
        if not np.isfinite([mean, std]).all() or std == 0:
            raise InputError(
                f"column {values.name!r} holds values from {there.min():g} to {there.max():g}, "
                "whose standard deviation floats cannot express: scale them, or leave it out"
            )
        sign = None
        if part == "value":
            written = values.drop_duplicates() if values.dtype.kind not in "biuf" else []
            sign = max(map(sign_of, written), default="")
        return cls(str(values.name), part, style, fill, mean, std, sign)

    def check(self) -> None:
        """Raise an InputError if the part, the style or the deviation cannot be right."""
        if self.part not in ("value", *PARTS) or not self.std > 0:
            raise InputError(
                f"input.numbers has part {self.part!r} and std {self.std}; one of value, "
                f"{', '.join(PARTS)}, and above 0 are needed"
            )
        styles = ("", "point", "comma") if self.part == "value" else ORDERS
        if self.style not in styles:
            raise unknown_name("input.numbers has a style that", self.style, filter(None, styles))
        if self.sign not in (None, "", *SIGNS):
            raise unknown_name("input.numbers has a sign that", str(self.sign), SIGNS)

    def read(self, values: Any) -> np.ndarray:
        """Return a Series of any rows as float64 of shape (N,), NaN where there is none."""
        return _numbers(values, self.part, self.style, self.sign)

    def standardized(self, values: Any) -> np.ndarray:
        """Return a Series of any rows as inputs of shape (N, 1), gaps filled."""
        numbers = self.read(values)[:, None]
        scaled: np.ndarray = (
            np.where(np.isnan(numbers), self.fill, numbers) - self.mean
        ) / self.std
        return scaled


@dataclass(frozen=True)
class CategoryInput:
    """Categories: an input that is 0 or 1 for each.

    Parameters
    ----------
    column : str
        Its column.
    values : tuple of str or None
        The categories, the most frequent first. "" stands for all others and None for a missing
        one, if there were such in training; if not, all inputs are 0 for them.
    """

    column: str
    values: tuple[str | None, ...]

    @classmethod
    def fit(cls, values: Any) -> "CategoryInput | None":
        """Take the categories of the training rows, a Series; None if there is only one."""
        words = _words(values)
        counts = words.value_counts()
        ranked = sorted(counts.index, key=lambda word: (-counts[word], word))
        kept: list[str | None] = [word for word in ranked[:MOST] if counts[word] >= RARE]
        if len(kept) < len(ranked):
            kept.append(OTHERS)
        if words.isna().any():
            kept.append(None)
        return cls(str(values.name), tuple(kept)) if len(kept) > 1 else None

    def check(self) -> None:
        """Raise an InputError if there is no category, or one twice."""
        if not self.values or len(set(self.values)) < len(self.values):
            raise InputError(f"input.categories of {self.column!r} are none, or not different")

    def read(self, values: Any) -> np.ndarray:
        """Return a Series of any rows as texts of shape (N,), None where there is none."""
        words = self._known(values)
        if OTHERS in self.values:
            words = words.where(words.isin([*self.values]), OTHERS)
        texts: np.ndarray = words.to_numpy(object)
        return texts

    def one_hot(self, values: Any) -> np.ndarray:
        """Return a Series of any rows as inputs of shape (N, K), of which at most one is true."""
        places = {value: k for k, value in enumerate(self.values)}
        found = np.array([places.get(word, -1) for word in self.read(values)])
        hot: np.ndarray = found[:, None] == np.arange(len(places))
        return hot

    def unseen(self, values: Any) -> "Counter[str | None]":
        """Return which categories of a Series no training row has, and in how many rows.

        There is none if training had rare ones, whose input stands for these, too.
        """
        if OTHERS in self.values:
            return Counter()
        words = Counter(self._known(values).tolist())
        return Counter({word: rows for word, rows in words.items() if word not in self.values})

    def _known(self, values: Any) -> Any:
        """Return a Series as texts: what is no category may be a gap or a truth value."""
        return _words(values, {word: SPELLED[word] for word in SPELLED.keys() - {*self.values}})


def _numbers(values: Any, part: str, style: str, sign: str | None = None) -> np.ndarray:
    if part == "value":
        return read_numbers(values, style, sign)
    return part_of_date(read_dates(values, style), part)


def _words(values: Any, spelled: Mapping[str, str | None] = MappingProxyType({})) -> Any:
    """Return a Series as texts, None where there is none: 3 and 3.0 are one."""
    with extra("cli", "DATA"):
        import pandas as pd

    codes, uniques = pd.factorize(values)
    words = [_word(value) for value in uniques]
    texts = np.array([*(spelled.get(word, word) or None for word in words), None], dtype=object)
    return pd.Series(texts[codes], dtype=object)


def _word(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return str(value).strip()
