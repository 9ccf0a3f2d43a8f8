"""Stored rows with their labels, before they become tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imbtorch.data.inputs import Input
from imbtorch.data.labels import whole_numbers


class Rows:
    """Stored rows of one column: an array, or a column of a Hugging Face data set.

    ``rows[i]`` is one row, ``rows.take(indices)`` a subset. Neither decodes an image.
    """

    def __init__(self, values: Any, column: str | None = None) -> None:
        self.values, self.column = values, column

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Any:
        row = self.values[int(index)]
        return row[self.column] if self.column else row

    def take(self, indices: np.ndarray) -> "Rows":
        """Return the rows at `indices`, in that order."""
        if self.column:
            return Rows(self.values.select(indices), self.column)
        return Rows(self.values[indices])


@dataclass
class Split:
    """Rows and their labels as stored (numbers or strings), N of each."""

    rows: Rows
    labels: np.ndarray

    def __post_init__(self) -> None:
        self.labels = whole_numbers(self.labels)

    def take(self, indices: np.ndarray) -> "Split":
        """Return the samples at `indices`, in that order."""
        return Split(self.rows.take(indices), self.labels[indices])


@dataclass
class Source:
    """What a DATA argument refers to.

    `fit_input` derives the input kind from the training rows; `label_names` names integer labels
    if the source has names; `test` is None if no held-out split is stored.
    """

    train: Split
    test: Split | None
    fit_input: Callable[[Rows], Input]
    label_names: Sequence[str] | None = None
    notes: list[str] = field(default_factory=list)


def keep_tested(source: Source, minimum: int) -> Source:
    """Return `source` without the classes that have fewer than `minimum` test samples."""
    if source.test is None:
        return source
    values, counts = np.unique(source.test.labels, return_counts=True)
    kept = values[counts >= minimum]
    dropped = len(np.union1d(values, source.train.labels)) - len(kept)
    if not dropped:
        return source
    note = f"{dropped} classes with fewer than {minimum} test samples left out"
    train, test = (
        split.take(np.flatnonzero(np.isin(split.labels, kept)))
        for split in (source.train, source.test)
    )
    return Source(train, test, source.fit_input, source.label_names, [*source.notes, note])
