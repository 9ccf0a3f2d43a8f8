"""Choose a temperature and class-wise offsets on a validation split."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from imbtorch.data.checks import check_labels
from imbtorch.errors import InputError
from imbtorch.metrics.decision import Decision, log_of
from imbtorch.metrics.objective import Objective, rarer
from imbtorch.metrics.offsets import choose_offsets
from imbtorch.metrics.probabilities import check_probabilities

RANGE = (0.05, 20.0)
"""Least and largest temperature."""


def fit_temperature(y_true: ArrayLike, probabilities: ArrayLike) -> float:
    r"""Return the temperature with which probabilities fit the labels best.

    .. math::
        T = \arg\min_T - \sum_i \log \mathrm{softmax}(z_i / T)_{y_i} + \tfrac{1}{2} (\log T)^2

    where :math:`z = \log p`. It changes no most probable class. The last term, a standard normal
    prior of log T, counts beside few samples: among 30 that happen to be all right, nothing else
    keeps T from 0. It is no part of the reference.

    Parameters
    ----------
    y_true : array-like of shape (N,)
        Labels 0..K-1 of samples that the network was not trained on.
    probabilities : array-like of shape (N, K)
        Their class probabilities, as the network gives them.

    Returns
    -------
    float
        In .05..20; above 1 if the network is too certain.

    Raises
    ------
    InputError
        If the shapes do not match, there is one class, a probability is not in 0..1, or those of a
        row do not sum to 1.

    Warns
    -----
    UserWarning
        If the best temperature lies beyond .05..20.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.

    Examples
    --------
    >>> certain = [[0.99, 0.01]] * 400  # and right three times of four
    >>> temperature = fit_temperature([0, 0, 0, 1] * 100, certain)
    >>> Decision(temperature).calibrated(certain)[0].round(2).tolist()
    [0.75, 0.25]
    """
    y, p = _checked(y_true, probabilities)
    logs, rows = log_of(p), np.arange(len(y))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logs / np.exp(log_temperature), axis=1)
        return -float(scaled[rows, y].sum()) + log_temperature**2 / 2

    found = minimize_scalar(loss, bounds=np.log(RANGE), method="bounded", options={"xatol": 1e-6})
    temperature = float(np.exp(found.x))
    if not RANGE[0] * 1.001 < temperature < RANGE[1] / 1.001:
        warnings.warn(
            f"the temperature that fits the {len(y)} validation samples best lies beyond "
            f"{RANGE[0]}..{RANGE[1]:g}: {temperature:.2g} is taken, and the probabilities stay "
            "uncalibrated",
            stacklevel=2,
        )
    return temperature


def choose_decision(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    maximize: str | None = None,
    costs: ArrayLike | None = None,
    class_counts: Sequence[int] | None = None,
) -> Decision:
    """Choose how probabilities become a class, on samples that are neither trained nor tested on.

    First the temperature (`fit_temperature`), then one offset a class. For two classes, whose
    offsets are a threshold, the best of all thresholds is found; for more, one class after the
    other is given its best offset until no other is better.

    Parameters
    ----------
    y_true : array-like of shape (N,)
        Labels 0..K-1 of a validation split.
    probabilities : array-like of shape (N, K)
        Their class probabilities, as the network gives them.
    maximize : str, optional
        What is to be largest: f1, fbeta:B (recall counts B times as much as precision),
        balanced_accuracy, or recall@precision:P, the recall where the precision is at least P (for
        two classes). For two classes, F-measure, recall and precision are those of the rarer
        class, for more, the F-measure is the mean of those of all.
    costs : array-like of shape (K, K), optional
        In place of `maximize`: the costs to be least, see `expected_cost`.
    class_counts : sequence of int, optional
        Class counts of the training set, which say which of two classes is the rarer one; by
        default those of `y_true`.

    Returns
    -------
    Decision

    Raises
    ------
    InputError
        If the shapes do not match, the metric is unknown or cannot be measured on these labels.

    Warns
    -----
    UserWarning
        If no threshold reaches the precision that is asked for, the closest one is taken; or as
        `fit_temperature` warns.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017. Menon et al., "Long-tail
    learning via logit adjustment", ICLR 2021, whose offsets are where the search begins.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 1, 1]
    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]]
    >>> decision = choose_decision(y, p, costs=[[0, 1], [10, 0]])
    >>> decision.classes(decision.calibrated(p)).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    y, p = _checked(y_true, probabilities)
    counts = np.bincount(y, minlength=p.shape[1]) if class_counts is None else class_counts
    if len(counts) != p.shape[1]:
        raise InputError(f"class_counts has {len(counts)} classes; probabilities {p.shape[1]}")
    return decision_for(Objective.of(maximize, costs), y, p, [int(n) for n in counts])


def decision_for(
    objective: Objective, y: NDArray[np.int64], p: NDArray[np.float64], counts: Sequence[int]
) -> Decision:
    """Return the decision that is best on labels and probabilities; see `choose_decision`."""
    objective.check_choice(y, counts)
    temperature = fit_temperature(y, p)
    calibrated = Decision(temperature).calibrated(p)
    offsets = choose_offsets(objective, y, log_of(calibrated), counts)
    decision = Decision(temperature, tuple(offsets.tolist()), objective.name)
    if objective.for_two:
        _warn_if_missed(objective, y, decision.classes(calibrated), rarer(counts))
    return decision


def _warn_if_missed(
    objective: Objective, y: NDArray[np.int64], chosen: NDArray[np.int64], rare: int
) -> None:
    decided = chosen == rare
    precision = float((y[decided] == rare).mean()) if decided.any() else 0.0
    if precision < float(objective.name.partition(":")[2]) - 1e-12:
        warnings.warn(
            f"no threshold reaches {objective.name.partition('@')[2].replace(':', ' ')} on the "
            f"{len(y)} validation samples: the one with the highest, {precision:.2f}, is taken",
            stacklevel=4,
        )


def _checked(
    y_true: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    y: NDArray[np.int64] = check_labels(y_true, "y_true").cpu().numpy()
    p = check_probabilities(probabilities)
    if p.ndim != 2 or y.shape != p.shape[:1] or p.size == 0:
        raise InputError(
            f"y_true has shape {y.shape} and probabilities {p.shape}; they must be (N,) and (N, K)"
        )
    if p.shape[1] < 2:
        raise InputError(f"probabilities has {p.shape[1]} class; at least 2 are needed")
    if y.max() >= p.shape[1]:
        raise InputError(
            f"y_true holds the label {y.max()}; probabilities has {p.shape[1]} classes"
        )
    return y, p
