"""What the report's curves are drawn from: reliability, precision and recall, thresholds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

Floats = NDArray[np.float64]
BINS = 10
"""Number of bins of the reliability diagram."""
STEPS = 50
"""Recalls at which a precision-recall curve is given: 1/50, 2/50, ..., 1."""
STEPS_OF_MANY = 20
"""The same for more than 100 classes."""
THRESHOLDS = 150
"""Quantiles of each of two classes at which the threshold may stand."""


def reliability(scores: Floats, right: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
    """Return number, mean score and share of hits of each of ten equal bins that has samples.

    Parameters
    ----------
    scores : ndarray of shape (N,)
        Probabilities, in 0..1.
    right : ndarray of shape (N,), bool
        Whether what the probability was given to is true.

    Examples
    --------
    >>> reliability(np.array([0.8, 0.8]), np.array([True, False]))
    [(2, 0.8, 0.5)]
    """
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    number = np.bincount(place, minlength=BINS)
    known = number.clip(min=1)
    mean = np.bincount(place, scores, minlength=BINS) / known
    share = np.bincount(place, right, minlength=BINS) / known
    kept = np.flatnonzero(number)
    return [(int(number[b]), float(mean[b]), float(share[b])) for b in kept]


def interpolated_precision(true: NDArray[np.bool_], scores: Floats, steps: int) -> Floats:
    """Return the highest precision that reaches a recall of at least 1/steps, 2/steps, ..., 1.

    Parameters
    ----------
    true : ndarray of shape (N,), bool
        Members of the class; at least one.
    scores : ndarray of shape (N,)
        Its probabilities.
    steps : int
        Number of recalls.

    Examples
    --------
    >>> interpolated_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]), 2)
    array([1.        , 0.66666667])
    """
    precision, recall, _ = precision_recall_curve(true, scores)  # from recall 1 to recall 0
    highest = np.maximum.accumulate(precision)
    asked = np.arange(1, steps + 1) / steps
    found: Floats = highest[np.searchsorted(-recall, -asked + 1e-9, side="right") - 1]
    return found


def curves_of_classes(outputs: Mapping[str, NDArray[Any]], steps: int) -> list[Floats | None]:
    """Return the precision-recall curve of each class against the rest; None if untested."""
    labels, p = outputs["labels"], np.asarray(outputs["probabilities"], dtype=np.float64)
    support = np.bincount(labels, minlength=p.shape[1])
    return [
        interpolated_precision(labels == k, p[:, k], steps) if support[k] else None
        for k in range(p.shape[1])
    ]


def thresholds(
    outputs: Mapping[str, NDArray[Any]], positive: int, start: float = 0.5
) -> dict[str, Any]:
    """Return what each threshold on the probability of one of two classes finds.

    `start` is one of the thresholds.

    Returns
    -------
    dict
        ``at``: ascending thresholds; ``hits`` and ``alarms``: samples of the class, and of the
        other one, with at least that probability; ``start``: the place of `start`.
    """
    scores = np.asarray(outputs["probabilities"], dtype=np.float64)[:, positive]
    mine = np.sort(scores[outputs["labels"] == positive])
    rest = np.sort(scores[outputs["labels"] != positive])
    places = np.linspace(0, 1, THRESHOLDS + 1)
    quantiles = [
        np.quantile(part, places, method="closest_observation")
        for part in (mine, rest)
        if len(part)
    ]
    at = np.unique(np.concatenate([*quantiles, [start]]))
    hits, alarms = (len(part) - np.searchsorted(part, at) for part in (mine, rest))
    return {
        "at": at.tolist(),
        "hits": hits.tolist(),
        "alarms": alarms.tolist(),
        "start": int(np.searchsorted(at, start)),
    }
