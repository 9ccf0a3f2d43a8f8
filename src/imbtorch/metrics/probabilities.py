"""The check of class probabilities that every metric of them calls."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from imbtorch.data.array_likes import check_class_order, check_mask
from imbtorch.errors import InputError

ROUNDING = 1e-6
HALF = 1e-2
"""How far the sum of a row may be from 1 in half precision, which has three digits."""


def check_probabilities(probabilities: ArrayLike | Tensor) -> NDArray[np.float64]:
    """Return class probabilities as float64; each must be in 0..1, but for rounding.

    Rows of shape (N, K) must sum to 1, but for half precision and for numbers written with two to
    four digits, or to 0, as those of `correct_prior` without a class left. Columns that have labels
    must be in the order of the classes.

    Examples
    --------
    >>> check_probabilities([[3.0, -1.0], [0.5, 0.5]])
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: probabilities holds 3.0 in row 0; all must be in 0..1
    >>> check_probabilities([[0.5, 0.5], [0.9, 0.9]])
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: probabilities sum to 1.8 in row 1; those of all classes sum to 1
    """
    check_class_order(probabilities, "probabilities", "columns")
    check_mask(probabilities, "probabilities")
    if isinstance(probabilities, Tensor):
        probabilities = probabilities.detach().double().cpu().numpy()
    try:
        p: NDArray[np.float64] = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"probabilities is not an array of numbers: {error}") from error
    if p.size and not -ROUNDING <= p.min() <= p.max() <= 1 + ROUNDING:  # NaN is both of them
        wrong = ~((p >= -ROUNDING) & (p <= 1 + ROUNDING))
        place = np.argwhere(wrong)[0].tolist()
        row = f" in row {place[0]}" if place else ""
        raise InputError(f"probabilities holds {p[wrong][0]}{row}; all must be in 0..1")
    if p.ndim == 2:
        total = p.sum(1)
        for odd in map(int, np.flatnonzero((np.abs(total - 1) > HALF) & (total != 0))):
            if not _is_written(p[odd]):
                raise InputError(
                    f"probabilities sum to {total[odd]:.4g} in row {odd}; those of all classes "
                    "sum to 1"
                )
    return p


def _is_written(row: NDArray[np.float64]) -> bool:
    """Whether a row could be probabilities that were rounded to a few digits each."""
    return any(
        np.abs(row * unit - np.round(row * unit)).max() < ROUNDING * unit
        and abs(row.sum() - 1) <= len(row) / (2 * unit) + ROUNDING
        for unit in (1e2, 1e3, 1e4)
    )
