"""Samples in the range that networks are trained in, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imbtorch.resampling.base import cast_within


def from_middle(X: NDArray[Any], vectors: bool) -> tuple[Tensor, NDArray[np.float64]]:
    """Return rows (N, D) as float32 numbers from a middle, and that middle.

    For vectors that is each column's mean, so that years or times keep their digits in float32;
    for images it is 0.

    Examples
    --------
    >>> rows, middle = from_middle(np.array([[1_700_000_001], [1_700_000_003]]), vectors=True)
    >>> rows.flatten(), middle
    (tensor([-1.,  1.]), array([1.7e+09]))
    """
    if not vectors:
        return torch.from_numpy(np.array(X, np.float32, order="C")), np.zeros(1)
    with np.errstate(over="ignore", invalid="ignore"):
        middle = X.mean(0, dtype=np.float64)
        rows = np.subtract(X, middle, dtype=np.float64).astype(np.float32, order="C")
    return torch.from_numpy(rows), middle


def to_kind(made: Tensor, middle: NDArray[np.float64], X: NDArray[Any]) -> NDArray[Any]:
    """Return rows (n, D) that were made in X's kind and within its values, see `from_middle`.

    Whole numbers and truths are rounded. Bounds are those of each column if the middle is one of
    columns, else of all values.

    Examples
    --------
    >>> X = np.array([[2**63 - 1], [2**63 - 1]])
    >>> to_kind(torch.tensor([[0.0]]), X.mean(0), X) == X[:1]
    array([[ True]])
    """
    values = made.numpy().astype(np.float64) + middle
    values = values.round() if X.dtype.kind in "iub" else values
    axis = 0 if middle.size == X.shape[1] else None
    return cast_within(values, X.min(axis), X.max(axis))


class Scaling:
    """Rows -> samples for a network, and back.

    Images go to -1..1, linearly between the smallest and the largest value of all; each column of
    vectors gets mean 0 and standard deviation 1. What comes back stays within what was seen.

    Parameters
    ----------
    rows : Tensor of shape (N, D), float32
        All samples, flat.
    shape : sequence of int
        (C, H, W) of an image or (D,) of a vector.

    Examples
    --------
    >>> rows = torch.tensor([[0.0, 8.0], [4.0, 6.0]])
    >>> scaling = Scaling(rows, (1, 1, 2))
    >>> scaling(rows).flatten(1), scaling.back(torch.tensor([[[[0.0, 2.0]]]]))
    (tensor([[-1.0000,  1.0000],
            [ 0.0000,  0.5000]]), tensor([[4., 8.]]))
    """

    def __init__(self, rows: Tensor, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)
        if len(self.shape) == 1:
            self.low, self.high = rows.amin(0), rows.amax(0)
            self.center, spread = rows.mean(0), rows.std(0)
        else:
            self.low, self.high = rows.min(), rows.max()
            self.center, spread = (self.low + self.high) / 2, (self.high - self.low) / 2
        self.spread = torch.where(spread > 0, spread, 1.0)  # a constant stays one

    def __call__(self, rows: Tensor) -> Tensor:
        """Return samples (B, ...) of rows (B, D)."""
        return ((rows - self.center) / self.spread).view(-1, *self.shape)

    def back(self, samples: Tensor) -> Tensor:
        """Return rows (B, D) of samples (B, ...)."""
        rows = samples.flatten(1).to(self.center.device) * self.spread + self.center
        return torch.minimum(torch.maximum(rows, self.low), self.high)
