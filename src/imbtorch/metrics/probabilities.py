"""The check of class probabilities that every metric of them calls."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from imbtorch.errors import InputError

ROUNDING = 1e-6
WRITTEN = 5e-3
"""How far a number of two digits may be from what it was; half precision has three."""


def check_probabilities(probabilities: ArrayLike | Tensor) -> NDArray[np.float64]:
    """Return class probabilities as float64; each must be in 0..1, but for rounding.

    Rows of shape (N, K) must sum to 1, but for two written digits, or to 0, as those of
    `correct_prior` without a class left.

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
        off = np.abs(total - 1) > WRITTEN * p.shape[1] + ROUNDING
        if (odd := np.flatnonzero(off & (total != 0))).size:
            raise InputError(
                f"probabilities sum to {total[odd[0]]:.4g} in row {odd[0]}; those of all classes "
                "sum to 1"
            )
    return p
