"""How far a lead depends on which samples the test set happens to hold."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.comparison.kept import stored_outputs


def sampling_variance(labels: ArrayLike, gains: ArrayLike) -> float:
    r"""Return the variance, over test sets, of a lead in balanced accuracy.

    It is the variance of a paired bootstrap that draws the test samples of each class anew, in
    closed form, which a mean has:

    .. math:: \frac{1}{K^2} \sum_k \frac{s_k^2}{n_k}

    Parameters
    ----------
    labels : array-like of shape (N,)
        True classes of the test samples.
    gains : array-like of shape (N,)
        Share of seeds with which the recipe is right on a sample, less that of the baseline.

    Returns
    -------
    float
        K is the number of classes with a sample, and s_k the standard deviation of the gains in
        class k; a class with one sample takes that of the samples of all classes.

    Examples
    --------
    >>> sampling_variance([0, 0, 1, 1], [0, 1, 0, 0])
    0.0625
    """
    _, y = np.unique(np.asarray(labels), return_inverse=True)
    x = np.asarray(gains, np.float64)
    number = np.bincount(y)
    mean = np.bincount(y, x) / number
    squares = np.bincount(y, (x - mean[y]) ** 2)
    alone = squares.sum() / (len(x) - len(number)) if len(x) > len(number) else np.inf
    variance = np.where(number > 1, squares / np.maximum(number - 1, 1), alone)
    return float((variance / number).sum() / len(number) ** 2)


def stored_variance(folder: Path, recipe: str, baseline: str, seeds: Sequence[int]) -> float:
    """Return `sampling_variance` of a recipe by the stored predictions; NaN if some are missing."""
    gains: NDArray[np.float64] | float = 0.0
    labels = None
    for seed in seeds:
        pair = [stored_outputs(folder, name, seed) for name in (recipe, baseline)]
        if pair[0] is None or pair[1] is None:
            return float("nan")
        labels = pair[1]["labels"] if labels is None else labels
        if any(not np.array_equal(labels, one["labels"]) for one in pair if one):
            return float("nan")
        right = [(one["predicted"] == labels).astype(np.float64) for one in pair if one]
        gains = gains + (right[0] - right[1]) / len(seeds)
    return float("nan") if labels is None else sampling_variance(labels, gains)
