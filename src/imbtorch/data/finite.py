"""Is every number of an array finite? In one pass, and without an array of its size."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imbtorch.errors import InputError


def check_finite(x: Tensor, name: str = "x") -> None:
    """Raise an InputError that names the rows of `x` with NaN or infinite values."""
    if not are_finite(x):
        raise not_finite(name, odd_rows(x), len(x))


def are_finite(x: Tensor | NDArray[Any]) -> bool:
    """Return whether all values are finite, in one pass and without an array of their size.

    Examples
    --------
    >>> are_finite(torch.tensor([1.0, torch.nan])), are_finite(np.array([[1, 2]]))
    (False, True)
    """
    if isinstance(x, Tensor):
        if not x.is_floating_point() or not x.numel():
            return True
        return bool(torch.stack(x.detach().aminmax()).isfinite().all())  # NaN is both of them
    return x.dtype.kind != "f" or not x.size or bool(np.isfinite([x.min(), x.max()]).all())


def odd_rows(x: Tensor | NDArray[Any]) -> list[int]:
    """Return the rows with NaN or infinite values, found a block of rows at a time.

    Examples
    --------
    >>> odd_rows(np.array([[1.0, 2.0], [np.inf, 0.0], [0.0, np.nan]]))
    [1, 2]
    """
    rows, found = max(1, BLOCK * len(x) // max(1, prod(x.shape))), []
    for start in range(0, len(x), rows):
        part = x[start : start + rows].reshape(-1, prod(x.shape[1:]))
        finite = part.isfinite() if isinstance(part, Tensor) else np.isfinite(part)
        found += [start + row for row, right in enumerate(finite.all(1).tolist()) if not right]
    return found


BLOCK = 2**20
"""Numbers that are looked at one by one at a time."""


def not_finite(name: str, rows: Sequence[int], n: int) -> InputError:
    """Return the error for rows, of n, that hold NaN or infinite values."""
    return InputError(
        f"{name} holds NaN or infinite values in {len(rows)} of {n} rows ({first(rows)}); "
        "remove or fill them first"
    )


def first(rows: Sequence[int]) -> str:
    """Return the first few of some row numbers, for a message."""
    return ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")
