"""What wrong decisions cost."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.data.array_likes import check_class_order, check_mask
from imbtorch.data.checks import label_arrays
from imbtorch.errors import InputError

LARGEST = 1e100
"""The largest cost, far below the largest float: sums over samples are no infinity."""


def expected_cost(y_true: ArrayLike, y_pred: ArrayLike, costs: ArrayLike) -> float:
    r"""Return the mean cost of the decisions: :math:`\frac{1}{N} \sum_i C_{y_i \hat y_i}`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (N,)
        Labels 0..K-1 and decisions.
    costs : array-like of shape (K, K)
        C: what it costs to decide for the class of the column where that of the row is true, in
        any unit. Usually 0 on the diagonal; a gain is negative.

    Returns
    -------
    float
        In the unit of `costs`, a sample.

    Raises
    ------
    InputError
        If the shapes do not match, or a cost is not finite.

    References
    ----------
    Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> expected_cost([0, 0, 1, 1], [0, 1, 1, 0], [[0, 1], [20, 0]])
    5.25
    """
    matrix = check_costs(costs)
    true, predicted = label_arrays(y_true, y_pred, len(matrix), "costs")
    return float(matrix[true, predicted].mean())


def check_costs(costs: ArrayLike, num_classes: int | None = None) -> NDArray[np.float64]:
    """Return a cost matrix as float64; it must be (K, K), finite, and tell decisions apart."""
    check_class_order(costs, "costs", "index", "columns")
    check_mask(costs, "costs")
    try:
        matrix: NDArray[np.float64] = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"costs is not a matrix of numbers: {error}") from error
    size = len(matrix) if num_classes is None and matrix.ndim else num_classes
    if matrix.shape != (size, size) or not matrix.size:
        needed = "(K, K)" if num_classes is None else f"({size}, {size})"
        raise InputError(f"costs has shape {matrix.shape}; it must be {needed}")
    if not (np.abs(matrix) <= LARGEST).all():
        raise InputError(f"costs holds a number that is not finite, or beyond {LARGEST:g}")
    if (matrix == matrix[:, :1]).all():
        raise InputError("costs is the same for every decision: none is better than another")
    return matrix
