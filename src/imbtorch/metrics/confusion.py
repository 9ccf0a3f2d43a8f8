"""Confusion matrices as result rows store them: whole, or sparse where there are many classes."""

from typing import TypeAlias, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

DENSE = 100
"""Number of classes up to which a matrix is stored whole."""
Packed: TypeAlias = Union[list[list[int]], dict[str, list[int]]]  # noqa: UP007
"""K lists of K counts, or ``rows``, ``columns`` and ``counts`` of the entries that are not 0."""


def pack(confusion: ArrayLike) -> Packed:
    """Return a confusion matrix as JSON-ready values, whose size is at most that of the test set.

    Parameters
    ----------
    confusion : array-like of shape (K, K)
        Counts, rows the true classes.

    Returns
    -------
    list or dict
        For at most 100 classes, K lists of K counts. For more, ``rows``, ``columns`` and
        ``counts``: the entries that are not 0, row by row.

    Examples
    --------
    >>> pack([[3, 1], [0, 2]])
    [[3, 1], [0, 2]]
    >>> pack(np.diag([7] + [0] * 199 + [5]))
    {'rows': [0, 200], 'columns': [0, 200], 'counts': [7, 5]}
    """
    matrix = np.asarray(confusion)
    if len(matrix) <= DENSE:
        whole: list[list[int]] = matrix.tolist()
        return whole
    rows, columns = np.nonzero(matrix)
    counts = matrix[rows, columns]
    return {"rows": rows.tolist(), "columns": columns.tolist(), "counts": counts.tolist()}


def unpack(stored: Packed, num_classes: int) -> NDArray[np.int64]:
    """Return the matrix of shape (K, K) that `pack` stored.

    Examples
    --------
    >>> unpack({"rows": [0, 2], "columns": [1, 2], "counts": [4, 6]}, 3)
    array([[0, 4, 0],
           [0, 0, 0],
           [0, 0, 6]])
    """
    if not isinstance(stored, dict):
        return np.asarray(stored, dtype=np.int64)
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    matrix[stored["rows"], stored["columns"]] = stored["counts"]
    return matrix
