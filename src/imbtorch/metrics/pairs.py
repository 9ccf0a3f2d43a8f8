"""Confusion matrices as counted pairs of true and predicted class, never K x K numbers at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from imbtorch.metrics.confusion import DENSE, Packed, pack, unpack


def count_pairs(true: NDArray[np.int64], predicted: NDArray[np.int64], num_classes: int) -> Packed:
    """Return the confusion matrix of labels and predictions as `pack` stores it.

    Examples
    --------
    >>> count_pairs(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    [[1, 0], [1, 1]]
    >>> count_pairs(np.array([0, 1, 1]), np.array([0, 0, 0]), 8142)
    {'rows': [0, 1], 'columns': [0, 0], 'counts': [1, 2]}
    """
    pairs, counts = np.unique(true * num_classes + predicted, return_counts=True)
    rows, columns = np.divmod(pairs, num_classes)
    packed = {"rows": rows.tolist(), "columns": columns.tolist(), "counts": counts.tolist()}
    return packed if num_classes > DENSE else pack(unpack(packed, num_classes))


def sparse(stored: Packed, num_classes: int) -> csr_array:
    """Return a stored confusion matrix as scipy's sparse array of shape (K, K).

    Examples
    --------
    >>> sparse([[1, 0], [2, 3]], 2).sum(1).tolist()
    [1, 5]
    """
    shape = (num_classes, num_classes)
    if not isinstance(stored, dict):
        return csr_array(unpack(stored, num_classes))
    counts = np.asarray(stored["counts"], dtype=np.int64)
    return coo_array((counts, (stored["rows"], stored["columns"])), shape=shape).tocsr()
