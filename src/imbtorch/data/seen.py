"""Fingerprints of training samples, by which a network's own training data are known again."""

import hashlib
from collections import Counter
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset

MOST = 256
"""Number of training samples that are remembered."""


def fingerprints(dataset: Dataset[Any]) -> list[str]:
    """Return hashes of 256 samples, evenly spaced over the data set: 16 hexadecimal digits each.

    Samples of which there is another like it are left out: new data may well hold them too.

    Parameters
    ----------
    dataset : Dataset
        Yields (x, y); the labels are not looked at.

    Examples
    --------
    >>> len(fingerprints(ArrayDataset(np.float32([[0], [1], [1], [2]]), [0, 0, 1, 1])))
    2
    """
    size = len(dataset)  # type: ignore[arg-type]
    rows = np.unique(np.linspace(0, size - 1, min(size, MOST)).astype(int))
    counts = Counter(_hash(dataset, int(row)) for row in rows)
    return [found for found, number in counts.items() if number == 1]


def share_seen(dataset: Dataset[Any], remembered: list[str]) -> float:
    """Return the share of remembered training samples that are in a data set."""
    if not remembered:
        return 0.0
    size = len(dataset)  # type: ignore[arg-type]
    found = {_hash(dataset, row) for row in range(size)}
    return len(found.intersection(remembered)) / len(remembered)


def _hash(dataset: Dataset[Any], row: int) -> str:
    x = dataset.x[row] if isinstance(dataset, ArrayDataset) else dataset[row][0]
    return hashlib.blake2b(x.cpu().contiguous().numpy().tobytes(), digest_size=8).hexdigest()
