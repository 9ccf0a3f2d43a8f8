"""Neighbors of the rows of a search among its other rows."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def nearest_others(nn: Any, x: Any, rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Find the neighbors of some of the rows that `nn` was fitted on, excluding themselves.

    Parameters
    ----------
    nn : object
        Search fitted on `x`, with scikit-learn's ``kneighbors``, for instance `Neighbors`.
    x : ndarray or Tensor of shape (N, D)
        The rows that `nn` was fitted on.
    rows : ndarray of shape (n,), int64
        Row numbers in `x`.
    k : int
        Neighbors of each row, 1..N-1.

    Returns
    -------
    ndarray of shape (n, k), int64
        Row numbers in `x`, nearest first. With duplicate rows, a sample is not always its own
        first neighbor: it is dropped wherever it was found, or else the last neighbor is.

    Examples
    --------
    >>> from imbtorch.resampling import Neighbors
    >>> x = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> nearest_others(Neighbors().fit(x), x, np.array([1, 3]), 2)
    array([[0, 2],
           [2, 1]])
    """
    where = torch.from_numpy(rows).to(x.device) if isinstance(x, Tensor) else rows
    found = nn.kneighbors(x[where], n_neighbors=k + 1, return_distance=False)
    found = torch.as_tensor(found).cpu()
    keep = without_itself(found, torch.from_numpy(rows))
    others: NDArray[np.int64] = found[keep].view(-1, k).numpy()
    return others


def without_itself(found: Tensor, rows: Tensor) -> Tensor:
    """Mark all but one neighbor of each row: the row itself if it was found, else the last one."""
    itself = found == rows[:, None]
    itself[:, -1] |= ~itself.any(1)
    return ~itself
