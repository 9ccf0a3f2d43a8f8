"""Figures that are undefined, because a class has no sample to measure: NaN, stored as None."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def mean_defined(values: ArrayLike) -> float | None:
    """Return the mean of the values that are neither NaN nor None; None if there are none.

    Examples
    --------
    >>> mean_defined([1.0, None, 0.5]), mean_defined([None])
    (0.75, None)
    """
    numbers = np.asarray(values, dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    return float(known.mean()) if len(known) else None


def mean_of_each(values: ArrayLike) -> np.ndarray:
    """Return the mean of each column over the rows that have a value; NaN if none has.

    Examples
    --------
    >>> mean_of_each([[1.0, None], [0.5, None]])
    array([0.75,  nan])
    """
    numbers = np.asarray(values, dtype=np.float64)
    number = (~np.isnan(numbers)).sum(0)
    return np.where(number > 0, np.nansum(numbers, 0) / number.clip(min=1), np.nan)


def with_none(values: Iterable[float]) -> list[float | None]:
    """Return the values as a JSON-ready list, None for NaN."""
    return [None if value != value else float(value) for value in values]


def untested(metrics: Mapping[str, Any], classes: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the classes without a sample in the test set.

    Examples
    --------
    >>> untested({"recall": [1.0, None]}, ["cat", "dog"])
    ('dog',)
    """
    return tuple(n for n, r in zip(classes, metrics["recall"], strict=True) if r is None)
