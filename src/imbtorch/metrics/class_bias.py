"""Measure a network's bias toward frequent classes: weight norms and false positives."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from imbtorch.data.array_likes import check_class_order
from imbtorch.data.checks import label_arrays
from imbtorch.models.classifier import head_size


def class_weight_norms(head: nn.Module) -> NDArray[np.float64]:
    """Return the L2 norm of each class's weight vector.

    Parameters
    ----------
    head : nn.Module
        Layer with a weight of shape (K, D), such as ``nn.Linear``.

    Returns
    -------
    ndarray of shape (K,), float64

    References
    ----------
    EOS (Dablain et al.), Figure 5.

    Examples
    --------
    >>> head = nn.Linear(2, 2)
    >>> head.weight.data[:] = head.weight.new_tensor([[3.0, 4.0], [0.0, 2.0]])
    >>> class_weight_norms(head)
    array([5., 2.])
    """
    head_size(head)
    assert isinstance(head.weight, Tensor)
    norms: NDArray[np.float64] = head.weight.detach().double().norm(dim=1).cpu().numpy()
    return norms


def cumulative_false_positives(
    y_true: ArrayLike, y_pred: ArrayLike, class_counts: Sequence[int]
) -> NDArray[np.int64]:
    """Return cumulative false positives, from the most to the least frequent class.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (M,)
        Labels 0..K-1 and predictions.
    class_counts : sequence of int
        Class counts of the training set, K numbers; ties keep the order of the classes.

    Returns
    -------
    ndarray of shape (K,), int64
        The last number is the total number of errors.

    Raises
    ------
    InputError
        If the numbers of labels differ or are 0, or a label is not in 0..K-1.

    Examples
    --------
    >>> cumulative_false_positives([0, 1, 1, 2], [0, 0, 0, 1], [50, 5, 20])
    array([2, 2, 3])
    """
    check_class_order(class_counts, "class_counts", "index")
    true, predicted = label_arrays(y_true, y_pred, len(class_counts), "class_counts")
    wrong = np.bincount(predicted[predicted != true], minlength=len(class_counts))
    order = np.argsort(-np.asarray(class_counts), kind="stable")
    return wrong[order].cumsum()
