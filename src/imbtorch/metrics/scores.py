"""Metrics of class probabilities: how well they rank the samples, and how far they are off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import precision_recall_curve

from imbtorch.metrics.calibration import expected_calibration_error

RECALL = 0.9
"""The recall at which the precision of each class is given."""


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

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    >>> made = score_metrics(np.array([0, 0, 1, 1]), p)
    >>> made["auroc"], made["precision_at_90_recall"], round(made["brier"], 3)
    ([0.75, 0.75], [0.6666666666666666, 0.6666666666666666], 0.175)
    """
    per_class = [_of_class(y == k, p[:, k]) for k in range(p.shape[1])]
    return {
        **{
            name: [values[name] for values in per_class]
            for name in ("auprc", "auroc", "precision_at_90_recall")
        },
        "brier": brier_score(y, p),
        "ece": expected_calibration_error(y, p),
    }


def brier_score(y: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Return half the mean squared error of the probabilities of shape (N, K), see above."""
    own = p[np.arange(len(y)), y]
    return float(np.mean((p**2).sum(1) - 2 * own + 1) / 2)


def _of_class(own: NDArray[np.bool_], score: NDArray[np.float64]) -> dict[str, float | None]:
    number, others = int(own.sum()), int((~own).sum())
    if not number:
        return dict.fromkeys(("auprc", "auroc", "precision_at_90_recall"))
    precision, recall, _ = precision_recall_curve(own, score)
    area = None
    if others:  # Mann and Whitney's statistic
        above = rankdata(score)[own].sum() - number * (number + 1) / 2
        area = float(above / (number * others))
    return {
        "auprc": float(max(0.0, -np.sum(np.diff(recall) * precision[:-1]))),
        "auroc": area,
        "precision_at_90_recall": float(precision[recall >= RECALL].max()),
    }


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
