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


def share_seen(dataset: Dataset[Any], remembered: list[str], trained_on: int) -> float:
    """Return about which share of a data set's samples, each counted once, was trained on.

    Parameters
    ----------
    dataset : Dataset
        Yields (x, y).
    remembered : list of str
        What `fingerprints` returned of the training set.
    trained_on : int
        Number of training samples: each that is remembered stands for as many as were not.

    Examples
    --------
    >>> train = ArrayDataset(np.arange(5000.0)[:, None], [0] * 5000)
    >>> part = ArrayDataset(train.x[1000:1400], train.y[:400])
    >>> round(share_seen(part, fingerprints(train), len(train)), 2)
    0.98
    """
    if not remembered:
        return 0.0
    size = len(dataset)  # type: ignore[arg-type]
    found = {_hash(dataset, row) for row in range(size)}
    seen = len(found.intersection(remembered)) * trained_on / len(remembered)
    return min(1.0, seen / len(found)) if found else 0.0


def _hash(dataset: Dataset[Any], row: int) -> str:
    x = dataset.x[row] if isinstance(dataset, ArrayDataset) else dataset[row][0]
    return hashlib.blake2b(x.cpu().contiguous().numpy().tobytes(), digest_size=8).hexdigest()
