"""Metrics of class probabilities: how well they rank the samples, and how far they are off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.metrics.calibration import expected_calibration_error
from imbtorch.metrics.undefined import with_none

RECALL = 0.9
"""The recall at which the precision of each class is given."""
BLOCK = 2**22
"""Number of probabilities that are copied at a time."""
FEW = 8
"""Number of thresholds up to which scores are compared with each of them."""


def score_metrics(y: NDArray[np.int64], p: NDArray[np.float64]) -> dict[str, Any]:
    r"""Return the metrics of class probabilities, each class against the rest.

    Parameters
    ----------
    y : ndarray of shape (N,), int64
        Labels 0..K-1.
    p : ndarray of shape (N, K)
        Class probabilities.

    Returns
    -------
    dict
        All in 0..1:

        - ``auprc``: list of K average precisions, scikit-learn's ``average_precision_score``.
        - ``auroc``: list of K areas under the ROC curve, the probability that a sample of the class
          has a higher score than one of another class (half for equal ones).
        - ``precision_at_90_recall``: list of K precisions, the highest with which at least 90% of
          the class are found.
        - ``brier``: half the mean squared error of a sample's probabilities,
          :math:`\frac{1}{2N} \sum_i \sum_k (p_{ik} - [y_i = k])^2`, for two classes the usual
          Brier score.
        - ``ece``: see `expected_calibration_error`.

    A class without samples has None, and no area under the ROC curve if there is no other.

    Notes
    -----
    The N scores of a class with n samples of its own take N log n steps, all classes together
    at most N K log(N / K): each of the N K probabilities is looked at, and none is sorted.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    >>> made = score_metrics(np.array([0, 0, 1, 1]), p)
    >>> made["auroc"], made["precision_at_90_recall"], round(made["brier"], 3)
    ([0.75, 0.75], [0.6666666666666666, 0.6666666666666666], 0.175)
    """
    names = ("auprc", "auroc", "precision_at_90_recall")
    per_class = np.full((len(names), p.shape[1]), np.nan)
    members, wide = np.argsort(y, kind="stable"), max(1, BLOCK // len(p))
    ends = np.bincount(y, minlength=p.shape[1]).cumsum()
    for first in range(0, p.shape[1], wide):
        # the scores of a class lie side by side only once they are turned
        for k, scores in enumerate(np.ascontiguousarray(p[:, first : first + wide].T), first):
            own = scores[members[ends[k - 1] if k else 0 : ends[k]]]
            if len(own):
                per_class[:, k] = _of_class(own, scores)
    return {
        **{name: with_none(values) for name, values in zip(names, per_class, strict=True)},
        "brier": brier_score(y, p),
        "ece": expected_calibration_error(y, p),
    }


def brier_score(y: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Return half the mean squared error of the probabilities of shape (N, K), see above."""
    own, rows = p[np.arange(len(y)), y], max(1, BLOCK // p.shape[1])
    squares = [(p[i : i + rows] ** 2).sum(1) for i in range(0, len(p), rows)]
    return float(np.mean(np.concatenate(squares) - 2 * own + 1) / 2)


def _of_class(own: NDArray[np.float64], scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the figures of a class, from the scores of its own samples and those of all.

    Thresholds at its own samples are enough: between two of them, recall stays and precision falls.
    So all scores are placed between few, which are sorted, and not sorted themselves.
    """
    thresholds, equal = np.unique(own, return_counts=True)
    size, others = len(thresholds), len(scores) - len(own)
    if size <= FEW:
        reached = np.array([np.count_nonzero(scores >= value) for value in thresholds])
        ties = np.array([np.count_nonzero(scores == value) for value in thresholds])
    else:
        place = np.searchsorted(thresholds, scores, "right")
        reached = _from_above(np.bincount(place, minlength=size + 1)[1:])
        ties = np.bincount(place[thresholds[place - 1] == scores], minlength=size + 1)[1:]
    found = _from_above(equal)
    precision, area = found / reached, np.nan
    if others:  # Mann and Whitney's statistic
        ranks = equal @ (len(scores) - reached + (ties + 1) / 2)
        area = float((ranks - len(own) * (len(own) + 1) / 2) / (len(own) * others))
    return (
        float(equal @ precision / len(own)),
        area,
        float(precision[found / len(own) >= RECALL].max()),
    )


def _from_above(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of each count and those after it."""
    return counts[::-1].cumsum()[::-1]


def matthews(y: NDArray[np.int64], predicted: NDArray[np.int64], num_classes: int) -> float | None:
    r"""Return Matthews' correlation coefficient of labels and predictions, in -1..1.

    .. math:: \frac{c N - \sum_k n_k P_k}{\sqrt{(N^2 - \sum_k P_k^2)(N^2 - \sum_k n_k^2)}}

    with c right predictions of N, n samples and P predictions of each class. 0 if one class alone
    is predicted, None if there is no other. No matrix of K x K numbers is made.

    References
    ----------
    Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
    Computational Biology and Chemistry 28 (2004).

    Examples
    --------
    >>> matthews(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)
    0.5773502691896258
    """
    n, p = (np.bincount(v, minlength=num_classes).astype(float) for v in (y, predicted))
    size, right = float(len(y)), float((y == predicted).sum())
    true, told = size**2 - n @ n, size**2 - p @ p
    if true <= 0:
        return None
    return float((right * size - n @ p) / np.sqrt(true * told)) if told > 0 else 0.0
