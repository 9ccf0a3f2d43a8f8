"""Generalization gap: how far held-out embeddings leave the range of the training embeddings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from imbtorch.data.array_likes import check_mask
from imbtorch.data.checks import Array
from imbtorch.data.finite import check_finite
from imbtorch.errors import InputError
from imbtorch.metrics.class_bias import class_weight_norms
from imbtorch.metrics.undefined import with_none

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """Generalization gap, per class and overall.

    Attributes
    ----------
    per_class : ndarray of shape (K,), float64
        At least 0; NaN for a class with no sample in one of the two sets.
    overall : float
        Mean over the classes that are not NaN; NaN if all are.
    """

    per_class: Floats
    overall: float


def generalization_gap(
    train_features: Array, train_labels: Array, test_features: Array, test_labels: Array
) -> Gap:
    r"""Measure how far held-out embeddings leave the range of the training embeddings.

    For class c, over the D embedding dimensions,

    .. math::
        g_c = \sum_d \max(0, \max_{test} - \max_{train}) + \max(0, \min_{train} - \min_{test})

    where the maxima and minima of dimension d are over the samples of class c.

    Parameters
    ----------
    train_features : array-like or Tensor of shape (N, D)
        Embeddings of the training set, possibly over-sampled.
    train_labels : array-like or Tensor of shape (N,)
        Labels 0..K-1.
    test_features : array-like or Tensor of shape (M, D)
        Embeddings of the held-out set.
    test_labels : array-like or Tensor of shape (M,)
        Labels 0..K-1.

    Returns
    -------
    Gap
        In the units of the embeddings.

    Raises
    ------
    InputError
        If the shapes do not match.

    References
    ----------
    EOS (Dablain et al.), section III-B and Algorithm 1. Differs from the paper, whose listing
    swaps the two minima; its text agrees with the formula here.

    Examples
    --------
    >>> train, test = [[0.0, 0.0], [1.0, 1.0]], [[-0.5, 0.5], [1.0, 3.0]]
    >>> generalization_gap(train, [0, 0], test, [0, 0]).overall
    2.5
    """
    train_x, train_y = _checked(train_features, train_labels, "train")
    test_x, test_y = _checked(test_features, test_labels, "test")
    _check_widths(train_x, test_x)
    number = max(train_y.max(initial=0), test_y.max(initial=0)) + 1
    return _gap(_bounds(train_x, train_y), _bounds(test_x, test_y), int(number))


Bounds = Mapping[int, tuple[NDArray[Any], NDArray[Any]]]
"""Class -> minima and maxima of its embeddings, each of shape (D,)."""


def _bounds(x: NDArray[Any], y: NDArray[Any]) -> Bounds:
    order = np.argsort(y, kind="stable")
    classes, starts = np.unique(y[order], return_index=True)
    rows = np.split(x[order], starts[1:])
    return {k: (of.min(0), of.max(0)) for k, of in zip(classes.tolist(), rows, strict=False)}


def _gap(train: Bounds, test: Bounds, number: int) -> Gap:
    """Return the gap of each of a number of classes."""
    per_class = np.full(number, np.nan)
    for k in sorted(train.keys() & test.keys()):
        (low, high), (test_low, test_high) = train[k], test[k]
        above = (test_high.astype(np.float64) - high).clip(min=0)
        below = (low.astype(np.float64) - test_low).clip(min=0)
        per_class[k] = above.sum() + below.sum()
    known = per_class[~np.isnan(per_class)]
    return Gap(per_class, float(known.mean()) if len(known) else float("nan"))


def true_false_gaps(
    train_features: Array,
    train_labels: Array,
    test_features: Array,
    test_labels: Array,
    test_predictions: Array,
) -> tuple[Gap, Gap]:
    """Measure the gap separately for true and for false positives.

    Parameters
    ----------
    train_features, train_labels, test_features, test_labels
        See `generalization_gap`.
    test_predictions : array-like or Tensor of shape (M,)
        Predicted labels 0..K-1.

    Returns
    -------
    true, false : Gap
        Gaps between the held-out samples correctly (true) or wrongly (false) predicted as class
        c and the training samples of class c; NaN for a class without such samples.

    References
    ----------
    EOS (Dablain et al.), Figure 4.

    Examples
    --------
    >>> train, test = [[0.0], [1.0], [5.0], [6.0]], [[1.0], [4.0], [5.0], [6.0]]
    >>> true, false = true_false_gaps(train, [0, 0, 1, 1], test, [0, 1, 1, 1], [0, 0, 1, 1])
    >>> true.per_class, false.per_class
    (array([0., 0.]), array([ 3., nan]))
    """
    test_x, test_y = _checked(test_features, test_labels, "test")
    _, predicted = _checked(test_features, test_predictions, "test")
    train_x, train_y = _checked(train_features, train_labels, "train")
    _check_widths(train_x, test_x)
    return _true_false(_bounds(train_x, train_y), test_x, test_y, predicted)


def _true_false(
    train: Bounds, x: NDArray[Any], y: NDArray[Any], predicted: NDArray[Any]
) -> tuple[Gap, Gap]:
    number = 1 + max(*train, int(y.max(initial=0)), int(predicted.max(initial=0)))
    true, false = (
        _gap(train, _bounds(x[chosen], predicted[chosen]), number)
        for chosen in (predicted == y, predicted != y)
    )
    return true, false


def embedding_measures(
    head: nn.Module,
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
) -> dict[str, list[float | None]]:
    """Measure a trained network's embeddings and head, class by class.

    Parameters
    ----------
    head : nn.Module
        (n, D) -> logits (n, K).
    train_features, train_labels, test_features, test_labels : Tensor
        See `generalization_gap`.

    Returns
    -------
    dict
        ``gap``, ``gap_true``, ``gap_false`` (see `true_false_gaps`) and ``norm`` (see
        `class_weight_norms`; only if the head has a weight): lists of K numbers,
        JSON-ready, None for classes without samples.
    """
    with torch.no_grad():
        predicted = head(test_features).argmax(1)
    train_x, train_y = _checked(train_features, train_labels, "train")
    test_x, test_y = _checked(test_features, test_labels, "test")
    _check_widths(train_x, test_x)
    train = _bounds(train_x, train_y)  # once for all three
    gap = _gap(train, _bounds(test_x, test_y), 1 + max(*train, int(test_y.max(initial=0))))
    true, false = _true_false(train, test_x, test_y, _array(predicted, "predicted"))
    gaps = {"gap": gap, "gap_true": true, "gap_false": false}
    lists = {name: value.per_class for name, value in gaps.items()}
    if hasattr(head, "weight"):
        lists["norm"] = class_weight_norms(head)
    return {name: with_none(values) for name, values in lists.items()}


def _array(values: Any, name: str) -> NDArray[Any]:
    check_mask(values, name)
    if isinstance(values, Tensor):
        values = values.float() if values.dtype == torch.bfloat16 else values
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def _check_widths(train: NDArray[Any], test: NDArray[Any]) -> None:
    if train.shape[1] != test.shape[1]:
        raise InputError(
            f"test_features has {test.shape[1]} columns; train_features has {train.shape[1]}"
        )


def _checked(features: Any, labels: Any, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    x, y = _array(features, f"{name}_features"), _array(labels, f"{name}_labels")
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise InputError(
            f"{name}_features has shape {x.shape} and {name}_labels {y.shape}; they must be (N, D) "
            "and (N,)"
        )
    if len(y) and (y.dtype.kind not in "iu" or y.min() < 0):
        what = f"holds {y.min()}" if y.dtype.kind in "iu" else f"has dtype {y.dtype}"
        raise InputError(f"{name}_labels {what}; it must hold labels 0..K-1")
    check_finite(torch.from_numpy(np.ascontiguousarray(x)), f"{name}_features")
    return x, y.astype(np.int64)
