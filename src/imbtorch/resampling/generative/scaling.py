"""Samples in the range that networks are trained in, and back."""

from collections.abc import Sequence

import torch
from torch import Tensor


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
