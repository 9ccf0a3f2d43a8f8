"""Imbalance profiles: how many samples of each class to keep, and which ones."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.data.array_likes import check_class_order, check_mask
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole


def exponential_counts(n_max: int, num_classes: int, ratio: float) -> list[int]:
    r"""Return the class counts of a "long-tailed" data set.

    .. math:: n_k = \lfloor n_{max} \, \rho^{-k/(K-1)} \rfloor, \quad k = 0 \dots K-1

    Parameters
    ----------
    n_max : int
        Samples of the largest class (class 0), at least 1.
    num_classes : int
        Number of classes K, at least 2.
    ratio : float
        Imbalance ratio rho = largest count / smallest count, at least 1.

    Returns
    -------
    list of int
        K counts, from the largest to the smallest.

    Raises
    ------
    InputError
        If an argument is out of range, or a class would be left without a sample.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.2.

    Examples
    --------
    >>> exponential_counts(5000, 10, 100)
    [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    """
    return _profile(n_max, num_classes, ratio, lambda k: ratio ** (-k / (num_classes - 1)))


def step_counts(
    n_max: int, num_classes: int, ratio: float, minority_fraction: float = 0.5
) -> list[int]:
    """Return the class counts of a step profile: some classes full, all others equally small.

    Parameters
    ----------
    n_max : int
        Samples of a majority class, at least 1.
    num_classes : int
        Number of classes K, at least 2.
    ratio : float
        Imbalance ratio rho, at least 1: a minority class has ``n_max / ratio`` samples.
    minority_fraction : float, default=0.5
        Fraction mu of minority classes, in (0, 1); these are the last ones. Rounded to a whole
        number of classes, at least one of each kind.

    Returns
    -------
    list of int
        K counts, majority classes first.

    Raises
    ------
    InputError
        If an argument is out of range, or a class would be left without a sample.

    References
    ----------
    AOS poster, "Multi-class imbalance".

    Examples
    --------
    >>> step_counts(5000, 10, 50, minority_fraction=0.3)
    [5000, 5000, 5000, 5000, 5000, 5000, 5000, 100, 100, 100]
    """
    if not 0 < minority_fraction < 1:
        raise InputError(f"minority_fraction is {minority_fraction}; it must lie between 0 and 1")
    minority = min(max(round(minority_fraction * num_classes), 1), num_classes - 1)
    first = num_classes - minority
    return _profile(n_max, num_classes, ratio, lambda k: 1.0 if k < first else 1 / ratio)


def linear_counts(n_max: int, num_classes: int, ratio: float) -> list[int]:
    """Return class counts that fall linearly from ``n_max`` to ``n_max / ratio``.

    Parameters
    ----------
    n_max : int
        Samples of the largest class (class 0), at least 1.
    num_classes : int
        Number of classes K, at least 2.
    ratio : float
        Imbalance ratio rho, at least 1.

    Returns
    -------
    list of int
        K counts, from the largest to the smallest, truncated to whole numbers.

    Raises
    ------
    InputError
        If an argument is out of range, or a class would be left without a sample.

    References
    ----------
    AOS poster, "Multi-class imbalance" (there: gradual or linear imbalance).

    Examples
    --------
    >>> linear_counts(100, 4, 10)
    [100, 70, 40, 10]
    """
    return _profile(
        n_max, num_classes, ratio, lambda k: 1 - (1 - 1 / ratio) * k / (num_classes - 1)
    )


def _profile(
    n_max: int, num_classes: int, ratio: float, share: Callable[[int], float]
) -> list[int]:
    if num_classes < 2:
        raise InputError(f"num_classes is {num_classes}; a data set needs at least 2 classes")
    if not 1 <= n_max < float("inf"):
        raise InputError(f"n_max is {n_max}; the largest class needs at least 1 sample")
    if not ratio >= 1:
        raise InputError(
            f"ratio is {ratio}; it is largest / smallest count, so it must be at least 1"
        )
    # The tiny summand corrects rounding errors such as 49.999999999 for 50.
    counts = [int(n_max * share(k) + 1e-9) for k in range(num_classes)]
    if min(counts) < 1:
        raise InputError(
            f"ratio is {ratio}; with {n_max} samples in the largest class the smallest would be "
            f"empty: at most {n_max} is possible"
        )
    return counts


def make_imbalanced(
    y: ArrayLike, counts: Sequence[int], data_seed: int | np.random.Generator | None = None
) -> NDArray[np.int64]:
    """Choose the samples to keep, so that class k keeps ``counts[k]`` of them.

    Parameters
    ----------
    y : array-like of shape (N,)
        Labels 0..K-1.
    counts : sequence of int
        Samples to keep of each class, K numbers.
    data_seed : int, numpy Generator or None, default=None
        The data seed, which decides which samples stay.

    Returns
    -------
    ndarray of shape (sum(counts),), int64
        Indices into `y`, ascending, without duplicates.

    Raises
    ------
    InputError
        If a class has fewer samples than it should keep, a label has no count, or counts are not in
        the order of the classes.

    Examples
    --------
    >>> y = [0, 0, 0, 1, 1, 1]
    >>> indices = make_imbalanced(y, [3, 1], data_seed=0)
    >>> [y[i] for i in indices]
    [0, 0, 0, 1]
    """
    check_class_order(counts, "counts", "index")
    check_mask(y, "y")
    labels = np.asarray(y)
    if labels.ndim != 1:
        raise InputError(f"y has shape {labels.shape}; one label per sample, (N,), is needed")
    rng = np.random.default_rng(data_seed)
    unknown = sorted(set(np.unique(labels).tolist()) - set(range(len(counts))))
    if unknown:
        raise InputError(
            f"y holds the labels {unknown}; counts has {len(counts)} classes, numbered from 0"
        )
    kept = []
    for k, count in enumerate(counts):
        members = np.flatnonzero(labels == k)
        if not 0 <= count <= len(members):
            raise InputError(f"counts[{k}] is {count}; class {k} has {len(members)} samples")
        kept.append(
            rng.choice(members, check_whole(f"counts[{k}]", count, 0, len(members)), replace=False)
        )
    return np.sort(np.concatenate(kept)).astype(np.int64)
