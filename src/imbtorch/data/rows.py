"""Stored rows with their labels, before they become tensors."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from imbtorch.data.images.image_input import Survey, survey
from imbtorch.data.inputs import Input
from imbtorch.data.labels import whole_numbers
from imbtorch.data.split_by import SplitBy


class Rows:
    """Stored rows: an array (a structured one of a table), or a column of a Hugging Face data set.

    ``rows[i]`` is one row, ``rows.take(indices)`` a subset. Neither decodes an image. ``numbers``
    says where each row stands in what is stored, from 0.
    """

    def __init__(
        self, values: Any, column: str | None = None, numbers: np.ndarray | None = None
    ) -> None:
        self.values, self.column = values, column
        self.numbers = np.arange(len(values)) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Any:
        row = self.values[int(index)]
        return row[self.column] if self.column else row

    @cached_property
    def survey(self) -> Survey:
        """What is among these rows, if they are images."""
        return survey(self)

    def take(self, indices: np.ndarray) -> "Rows":
        """Return the rows at `indices`, in that order."""
        if self.column:
            return Rows(self.values.select(indices), self.column, self.numbers[indices])
        return Rows(self.values[indices], numbers=self.numbers[indices])


@dataclass
class Split:
    """Rows and their labels as stored (numbers or strings), N of each.

    `by` is what a column says of each row, if a held-out split is to be made by it.
    """

    rows: Rows
    labels: np.ndarray
    by: SplitBy | None = None

    def __post_init__(self) -> None:
        self.labels = whole_numbers(self.labels)

    def take(self, indices: np.ndarray) -> "Split":
        """Return the samples at `indices`, in that order."""
        by = self.by and self.by.take(indices)
        return Split(self.rows.take(indices), self.labels[indices], by)


@dataclass
class Source:
    """What a DATA argument refers to.

    Attributes
    ----------
    train : Split
        Rows to train on, or all rows if nothing else is stored.
    test : Split or None
        The held-out split, None if none is stored.
    kind : str
        Kind of input: image, text, windows, features or table.
    fit_input : callable
        Derives the input kind from training rows.
    label_names : sequence of str, optional
        Names of integer labels.
    notes : list of str
        What was taken for what.
    left_out : dict
        Why samples are in neither split -> how many.
    columns : tuple of str
        The columns that the inputs come from; empty if they have no names.
    label : str, optional
        The column of the labels, of a table.
    """

    train: Split
    test: Split | None
    kind: str
    fit_input: Callable[[Rows], Input]
    label_names: Sequence[str] | None = None
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    label: str | None = None


def why_left_out(left_out: Mapping[str, int]) -> str:
    """Return the reasons why samples are left out, in brackets, or nothing if none is."""
    why = ", ".join(f"{reason}: {n}" for reason, n in left_out.items())
    return f" ({why})" if why else ""


def keep_tested(source: Source, minimum: int) -> Source:
    """Return `source` without the classes that have fewer than `minimum` test samples."""
    if source.test is None:
        return source
    values, counts = np.unique(source.test.labels, return_counts=True)
    kept = values[counts >= minimum]
    dropped = len(np.union1d(values, source.train.labels)) - len(kept)
    if not dropped:
        return source
    few = f"classes with fewer than {minimum} test samples"
    train, test = (
        split.take(np.flatnonzero(np.isin(split.labels, kept)))
        for split in (source.train, source.test)
    )
    gone = sum(map(len, (source.train.labels, source.test.labels)))
    gone -= len(train.labels) + len(test.labels)
    return replace(
        source,
        train=train,
        test=test,
        notes=[*source.notes, f"{dropped} {few} left out"],
        left_out={**source.left_out, few: gone},
    )


Blocks = Callable[[int], Iterator[Any]]
"""Number of rows -> the rows in blocks of at most that many, as the input kind takes them."""


@dataclass(frozen=True)
class NewRows:
    """Rows to predict, none of which is read yet.

    Attributes
    ----------
    total : int
        How many there are.
    blocks : callable
        Number of rows -> an iterator over blocks of at most that many, in order.
    paths : sequence of str or None
        Names of the image files, relative to DATA; None if rows have no names.
    notes : tuple of str
        What was taken for what.
    files : sequence of (str, int)
        Name and number of rows of each table, relative to DATA, if it has several.
    """

    total: int
    blocks: Blocks
    paths: Sequence[str] | None = None
    notes: tuple[str, ...] = ()
    files: Sequence[tuple[str, int]] = ()

    def names(self, first: int, stop: int) -> dict[str, list[Any]]:
        """Return the columns that say which rows these are: path, or file and row, or row.

        The bytes of names that are no text are escaped.

        Examples
        --------
        >>> NewRows(3, iter, files=[("a.csv", 2), ("b.csv", 1)]).names(1, 3)
        {'file': ['a.csv', 'b.csv'], 'row': [1, 0]}
        """
        if self.paths is not None:
            return {"path": [_in_utf8(path) for path in self.paths[first:stop]]}
        if not self.files:
            return {"row": [*range(first, stop)]}
        ends = [*accumulate(rows for _, rows in self.files)]
        places = [bisect_right(ends, row) for row in range(first, stop)]
        return {
            "file": [_in_utf8(self.files[place][0]) for place in places],
            "row": [row - ends[p] + self.files[p][1] for row, p in enumerate(places, first)],
        }


def _in_utf8(path: str) -> str:
    return path.encode(errors="backslashreplace").decode()


def sliced(values: Any, rows: int) -> Iterator[Any]:
    """Yield blocks of at most `rows` of the values, in order."""
    return (values[i : i + rows] for i in range(0, len(values), rows))
