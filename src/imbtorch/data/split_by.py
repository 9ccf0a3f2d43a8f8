"""What a column says of rows of which a part is held out by it: a group, or a time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imbtorch.errors import InputError


@dataclass(frozen=True)
class SplitBy:
    """What a column says of N rows, where a part is held out by it.

    Attributes
    ----------
    how : str
        group: the rows of a group are on one side. time: the latest rows are held out.
    column : str
        Its name.
    values : ndarray of shape (N,)
        Numbers of groups (int64), or times in any unit (float64).
    date : float, optional
        The time from which on rows are held out, by default that of the latest quarter.
    """

    how: str
    column: str
    values: NDArray[np.generic]
    date: float | None = None

    def take(self, rows: NDArray[np.int64]) -> "SplitBy":
        """Return what it says of the rows at `rows`."""
        return replace(self, values=self.values[rows])


def latest(by: SplitBy, share: float) -> NDArray[np.bool_]:
    """Return which samples are the latest: those from a date on, or about a fraction of all.

    Samples of one moment are on one side.

    Raises
    ------
    InputError
        If that would be all of them, or none.

    Examples
    --------
    >>> latest(SplitBy("time", "day", np.array([3.0, 1, 2, 2, 9, 4, 5, 5])), 0.25).nonzero()[0]
    array([4, 6, 7])
    """
    times = by.values.astype(np.float64)
    moments, counts = np.unique(times, return_counts=True)
    cut = by.date
    if cut is None and len(moments) > 1:
        later = counts[::-1].cumsum()[::-1][1:]  # samples from the second moment on, the third, ...
        cut = float(moments[1:][np.argmin(np.abs(later - share * len(times)))])
    held: NDArray[np.bool_] = times >= (np.inf if cut is None else cut)
    if held.all() or not held.any():
        raise InputError(
            f"{'all' if held.all() else 'no'} samples would be held out by the time in "
            f"{by.column!r}: name a date between the first and the last, as in "
            f"time:{by.column}:DATE, or divide by another column"
        )
    return held
