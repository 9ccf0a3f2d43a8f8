"""How far a lead depends on which samples the test set happens to hold."""

from collections.abc import Mapping, Sequence
from math import inf, nan
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.comparison.kept import stored_outputs
from imbtorch.comparison.verdict.measure import BALANCED, Measure

Labels = NDArray[np.int32]
Good = NDArray[np.float64]
SHRINKING = 4
"""Samples without a gain by which the mean gain of a class is shrunk."""


def sampling_variance(labels: ArrayLike, gains: ArrayLike) -> float:
    r"""Return the variance, over test sets, of a lead in balanced accuracy.

    It is the variance of a paired bootstrap that draws the test samples of each class anew, in
    closed form, which a mean has, with care for few samples:

    .. math:: \frac{1}{K^2} \sum_k \frac{1}{n_k} \left( \frac{1}{n_k} \sum_{i \in k} x_i^2
        - \Big( \frac{1}{n_k + 4} \sum_{i \in k} x_i \Big)^2 \right)

    Parameters
    ----------
    labels : array-like of shape (N,)
        True classes of the test samples.
    gains : array-like of shape (N,)
        Share of seeds with which the recipe is right on a sample, less that of the baseline: x.

    Returns
    -------
    float
        K is the number of classes with a sample, and n_k the number of samples in class k.

    Notes
    -----
    The few gains of a small class may agree by chance, and then have no variance about their mean.
    That mean is therefore shrunk as if there were four more samples without a gain (as Agresti and
    Coull add four): for few samples, the variance is nearly that of McNemar's test, for which there
    is no difference, and for many that of the bootstrap. Two equal recipes that differ on three in
    ten samples of a rare class then look different in at most 3.4 % of test sets with 2 to 10 of
    these, by the plain variance in up to 10 % (``benchmarks/verdict_simulation.py``).

    References
    ----------
    Agresti and Coull, Approximate is better than "exact" for interval estimation of binomial
    proportions, Am. Stat. 52, 1998.

    Examples
    --------
    >>> round(sampling_variance([0, 0, 1, 1], [0, 1, 0, 0]), 4)
    0.059
    >>> round(sampling_variance([0, 1, 1, 1], [0, 1, 1, 1]) ** 0.5, 3)
    0.261
    """
    _, y = np.unique(np.asarray(labels), return_inverse=True)
    x = np.asarray(gains, np.float64)
    number = np.bincount(y)
    mean = np.bincount(y, x) / (number + SHRINKING)
    variance = np.bincount(y, x**2) / number - mean**2
    return float((variance / number).sum() / len(number) ** 2)


def stored_variances(
    folder: Path,
    baseline: str,
    seeds: Mapping[str, Sequence[int]],
    measure: Measure = BALANCED,
) -> dict[str, float]:
    """Return recipe -> variance of its lead over test sets, by what is stored of each run.

    Of balanced accuracy, see `sampling_variance`; of an expected cost, which is a mean over all
    samples, their paired variance divided by their number. Of other measures, nothing. Seeds whose
    outputs are missing, damaged or of another test set do not count; NaN if none does.

    Parameters
    ----------
    folder : Path
        Folder of the comparison.
    baseline : str
        Recipe to compare with.
    seeds : mapping of str to sequence of int
        Recipe -> the training seeds that it shares with the baseline.
    measure : Measure
        What the recipes are compared by.
    """
    if not measure.is_cost and measure.name != BALANCED.name:
        return {}
    base = {
        s: _stored(folder, baseline, s, measure)
        for s in sorted({s for of in seeds.values() for s in of})
    }
    out = {}
    for name, of in seeds.items():
        pairs = [(_stored(folder, name, s, measure), base[s]) for s in of]
        known = [(a, b) for a, b in pairs if a and b and np.array_equal(a[0], b[0])]
        if not known:
            out[name] = nan
            continue
        labels = known[0][0][0]
        same = [a[1] - b[1] for a, b in known if np.array_equal(a[0], labels)]
        gains = np.mean(same, axis=0)
        if measure.is_cost:
            out[name] = float(gains.var(ddof=1)) / len(gains) if len(gains) > 1 else inf
        else:
            out[name] = sampling_variance(labels, gains)
    return out


def _stored(folder: Path, recipe: str, seed: int, measure: Measure) -> tuple[Labels, Good] | None:
    """Return the labels of a run's test samples, and how good it is on each of them."""
    found = stored_outputs(folder, recipe, seed)
    if found is None:
        return None
    if measure.is_cost:
        return (found["labels"], -found["costs"].astype(np.float64)) if "costs" in found else None
    classes = found.get("decided" if measure.decided else "predicted")
    if classes is None:
        return None
    return found["labels"], (classes == found["labels"]).astype(np.float64)
