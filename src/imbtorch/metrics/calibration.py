"""Calibration: how well predicted probabilities match the observed accuracy."""

import numpy as np
from numpy.typing import ArrayLike

from imbtorch.data.checks import check_labels
from imbtorch.errors import InputError
from imbtorch.metrics.probabilities import check_probabilities
from imbtorch.option_types import check_whole


def expected_calibration_error(
    y_true: ArrayLike, probabilities: ArrayLike, *, bins: int = 15
) -> float:
    r"""Return the expected calibration error (ECE) of the predicted class's probability.

    .. math:: \mathrm{ECE} = \sum_b \frac{|b|}{N} \, | \mathrm{acc}(b) - \mathrm{conf}(b) |

    over equal-width bins b of the largest probability, where acc is the share of correct
    predictions and conf the mean largest probability in a bin.

    Parameters
    ----------
    y_true : array-like of shape (N,)
        Labels 0..K-1.
    probabilities : array-like of shape (N, K)
        Class probabilities.
    bins : int, default=15
        Number of bins that divide 0..1, at least 1.

    Returns
    -------
    float
        In 0..1; 0 means perfectly calibrated.

    Raises
    ------
    InputError
        If the shapes do not match, `bins` is below 1, a label is not in 0..K-1, a probability is
        not in 0..1, or those of a row do not sum to 1.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.

    Examples
    --------
    >>> expected_calibration_error([0, 1], [[0.8, 0.2], [0.8, 0.2]])  # half right at .8
    0.30000000000000004
    """
    y, p = check_labels(y_true, "y_true").cpu().numpy(), check_probabilities(probabilities)
    if p.ndim != 2 or y.shape != p.shape[:1] or p.size == 0:
        raise InputError(
            f"y_true has shape {y.shape} and probabilities {p.shape}; they must be (N,) and (N, K)"
        )
    if y.max() >= p.shape[1]:
        raise InputError(
            f"y_true holds the label {y.max()}; probabilities has {p.shape[1]} classes"
        )
    check_whole("bins", bins, 1)
    bins = int(bins)
    confidence, right = p.max(1), p.argmax(1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))
