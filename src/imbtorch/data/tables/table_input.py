"""Tables as they come: numbers, categories and dates, with gaps, as rows of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from torch import Tensor

from imbtorch.data.tables.written import is_blank, part_of_date, read_dates, read_numbers
from imbtorch.errors import InputError
from imbtorch.extras import extra

RARE = 5
"""A category with fewer training rows has no column of its own."""
MOST = 100
"""Categories of a column that have one: the most frequent."""
OTHERS = ""
"""Stands for all other categories of a column; no category is empty."""
PARTS = ("days", "month", "weekday", "hour")
"""What of a date becomes a number, if it differs between training rows."""


class ColumnKind(NamedTuple):
    """What a column holds: ``number``, ``category`` or ``date``; and how it is written.

    See `style_of_numbers` and `style_of_dates`.
    """

    kind: str
    style: str = ""


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
        How the numbers or dates are written.
    fill : float
        Stands in for a missing value: the training median.
    mean, std : float
        Over training rows, missing values filled.
    """

    column: str
    part: str
    style: str
    fill: float
    mean: float
    std: float


@dataclass(frozen=True)
class CategoryInput:
    """A category, one-hot.

    Parameters
    ----------
    column : str
        Its column.
    values : tuple of str or None
        The categories, each of them an input that is 0 or 1: None is a missing one, and "" all
        others, if there were such in training. Without it, all are 0 for a category not listed.
    """

    column: str
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class TableInput:
    """Columns of numbers, categories and dates -> float32 (N, D).

    Parameters
    ----------
    numbers : tuple of NumberInput
        The first inputs, standardized.
    missing : tuple of str
        Columns of numbers or dates with gaps in training: an input each, 1 where it has a gap.
    categories : tuple of CategoryInput
        The last inputs: one for each category.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [20, 30, None] * 5, "plan": ["tin", "tin", "gold"] * 5})
    >>> kinds = {"age": ColumnKind("number"), "plan": ColumnKind("category")}
    >>> spec = TableInput.fit(frame, kinds)
    >>> spec.transform(frame[:3]).int()  # 25, the median, stands in for the missing age
    tensor([[-1,  0,  1,  0],
            [ 1,  0,  1,  0],
            [ 0,  1,  0,  1]], dtype=torch.int32)
    """

    numbers: tuple[NumberInput, ...]
    missing: tuple[str, ...]
    categories: tuple[CategoryInput, ...]
    kind = "table"

    @classmethod
    def fit(cls, rows: Any, columns: Mapping[str, ColumnKind]) -> "TableInput":
        """Take medians, means, deviations and categories from the training rows.

        What does not differ between them is left out.

        Parameters
        ----------
        rows : data frame or structured array of shape (N,)
            Training rows.
        columns : mapping of str to ColumnKind
            The columns to use.
        """
        frame = _as_frame(rows)
        numbers: list[NumberInput] = []
        missing, categories = [], []
        for name, (kind, style) in columns.items():
            values = _column(frame, name)
            if kind == "category":
                found = _categories(values)
                if len(found) > 1:
                    categories.append(CategoryInput(name, found))
                continue
            for part in PARTS if kind == "date" else ("value",):
                if measured := _measured(_numbers(values, part, style)):
                    numbers.append(NumberInput(name, part, style, *measured))
            blank = is_blank(values)
            if blank.any() and not blank.all():
                missing.append(name)
        if not (numbers or missing or categories):
            raise InputError(
                f"DATA has the columns {', '.join(columns)}, and none of them differs between "
                "training rows"
            )
        return cls(tuple(numbers), tuple(missing), tuple(categories))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TableInput":
        """Return what `input_to_json` wrote."""
        return cls(
            tuple(NumberInput(**one) for one in values["numbers"]),
            tuple(values["missing"]),
            tuple(CategoryInput(o["column"], tuple(o["values"])) for o in values["categories"]),
        )

    def check(self) -> None:
        """Raise an InputError if a part, a style, a deviation or the categories cannot be right."""
        for one in self.numbers:
            if one.part not in ("value", *PARTS) or not one.std > 0:
                raise InputError(
                    f"input.numbers has part {one.part!r} and std {one.std}; one of value, "
                    f"{', '.join(PARTS)}, and above 0 are needed"
                )
        for block in self.categories:
            if not block.values or len(set(block.values)) < len(block.values):
                raise InputError(f"input.categories of {block.column!r} are none, or not different")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of DATA that it reads."""
        numbers = (one.column for one in self.numbers)
        return tuple(
            dict.fromkeys([*numbers, *self.missing, *(one.column for one in self.categories)])
        )

    @property
    def categorical(self) -> list[tuple[int, int]]:
        """The blocks of inputs, from start to before stop, of which one is 1 and the others 0.

        The input that marks a gap is a block by itself.
        """
        sizes = [1] * len(self.missing) + [len(one.values) for one in self.categories]
        stops = (len(self.numbers) + np.cumsum([0, *sizes])).tolist()
        return [*pairwise(stops)]

    @property
    def width(self) -> int:
        """The number of inputs D."""
        return len(self.numbers) + len(self.missing) + sum(len(c.values) for c in self.categories)

    def transform(self, rows: Any) -> Tensor:
        """Return the rows of a table as a float32 tensor of shape (N, D).

        Parameters
        ----------
        rows : data frame or structured array of shape (N,)
            Rows with at least these columns, in any order.

        Raises
        ------
        InputError
            If a column is missing, or holds what is no number or date.
        """
        inputs = self._read(_as_frame(rows))
        n, m = len(self.numbers), len(self.missing)
        fill, mean, std = (
            np.array([getattr(one, name) for one in self.numbers])
            for name in ("fill", "mean", "std")
        )
        values = [np.array(one.values, dtype=object) for one in self.categories]
        one_hot = OneHotEncoder(
            categories=values, handle_unknown="ignore", sparse_output=False, dtype=np.float32
        )
        scale = FunctionTransformer(_scaled, kw_args={"fill": fill, "mean": mean, "std": std})
        places = np.arange(inputs.shape[1])
        encoder = ColumnTransformer(  # nothing of it is estimated from these rows
            [
                ("numbers", scale, places[:n]),
                ("missing", "passthrough", places[n : n + m]),
                ("categories", one_hot, places[n + m :]),
            ]
        )
        return torch.from_numpy(np.ascontiguousarray(encoder.fit_transform(inputs), np.float32))

    def unseen(self, rows: Any) -> list[str]:
        """Return which columns hold categories that no training row has, in sentences."""
        frame, said = _as_frame(rows), []
        for one in self.categories:
            if OTHERS in one.values:
                continue
            words = _words(_column(frame, one.column))
            new = [v for v in words.unique() if v not in one.values]
            if new:
                shown = ", ".join("missing" if v is None else repr(v) for v in new[:4])
                said.append(
                    f"column {one.column!r} holds categories unseen in training ({shown}): "
                    f"{int(words.isin(new).sum())} rows"
                )
        return said

    def _read(self, frame: Any) -> Any:
        """Return the values of the columns, a column for each input or for each category."""
        import pandas as pd

        read: list[Any] = [
            _numbers(_column(frame, one.column), one.part, one.style) for one in self.numbers
        ]
        read += [is_blank(_column(frame, name)).astype(np.float64) for name in self.missing]
        for one in self.categories:
            words = _words(_column(frame, one.column))
            if OTHERS in one.values:
                words = words.where(words.isin([*one.values]), OTHERS)
            read.append(words.to_numpy(object))
        return pd.DataFrame(dict(enumerate(read)))


def _scaled(values: Any, fill: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    numbers = values.to_numpy(np.float64)
    scaled: np.ndarray = (np.where(np.isnan(numbers), fill, numbers) - mean) / std
    return scaled


def _measured(numbers: np.ndarray) -> tuple[float, float, float] | None:
    """Return median, mean and standard deviation, None if the values are all the same."""
    there = numbers[~np.isnan(numbers)]
    if len(there) == 0 or there.min() == there.max():
        return None
    fill = float(np.median(there))
    filled = np.where(np.isnan(numbers), fill, numbers)
    with np.errstate(over="ignore"):
        std = float(filled.std())
    return (fill, float(filled.mean()), std) if 0 < std < np.inf else None


def _categories(values: Any) -> tuple[str | None, ...]:
    """Return the categories that have an input of their own, and those that stand for others."""
    words = _words(values)
    counts = words.value_counts()
    ranked = sorted(counts.index, key=lambda word: (-counts[word], word))
    kept: list[str | None] = [word for word in ranked[:MOST] if counts[word] >= RARE]
    if len(kept) < len(ranked):
        kept.append(OTHERS)
    return (*kept, None) if words.isna().any() else tuple(kept)


def _words(values: Any) -> Any:
    """Return a column as a Series of texts, None where there is none: 3 and 3.0 are one."""
    import pandas as pd

    codes, uniques = pd.factorize(values)
    texts = np.array([*map(_word, uniques), None], dtype=object)
    return pd.Series(texts[codes], dtype=object)


def _word(value: Any) -> str | None:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return str(value).strip() or None


def _numbers(values: Any, part: str, style: str) -> np.ndarray:
    if part == "value":
        return read_numbers(values, style)
    return part_of_date(read_dates(values, style), part)


def _as_frame(rows: Any) -> Any:
    with extra("cli", "DATA"):
        import pandas as pd

    return pd.DataFrame(rows)


def _column(frame: Any, name: str) -> Any:
    if name not in frame.columns:
        raise InputError(
            f"DATA has no column {name!r}, an input of the training, but "
            f"{', '.join(map(str, frame.columns[:12]))}"
        )
    return frame[name].reset_index(drop=True)
