"""Reduce a balanced data set, as in DOS: some classes at random, or all by a Gaussian."""

from collections.abc import Sequence

import numpy as np

from imbtorch.errors import InputError


def random_reduction(
    counts: Sequence[int],
    fraction: float,
    num_minority: int = 4,
    data_seed: int | np.random.Generator | None = None,
) -> list[int]:
    """Return the class counts after randomly chosen classes lose a fraction of their samples.

    Parameters
    ----------
    counts : sequence of int
        Class counts before the reduction, K numbers.
    fraction : float
        Fraction p of their samples to remove, in [0, 1). The paper uses .90, .95 and .99.
    num_minority : int, default=4
        Number of classes that lose samples, 1..K-1.
    data_seed : int, numpy Generator or None, default=None
        The data seed, which chooses the classes.

    Returns
    -------
    list of int
        K counts; a reduced class keeps at least 1 sample.

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), section 4.2, second experiment. Its caption "p = 0.01" means
    that 99 % are removed.

    Examples
    --------
    >>> random_reduction([100] * 6, 0.95, 2, data_seed=0)
    [100, 100, 5, 5, 100, 100]
    """
    _check(counts, fraction)
    if not 1 <= num_minority < len(counts):
        raise InputError(f"num_minority is {num_minority}; it must lie in 1..{len(counts) - 1}")
    rng = np.random.default_rng(data_seed)
    kept = np.asarray(counts).copy()
    chosen = rng.permutation(len(kept))[:num_minority]
    kept[chosen] = np.maximum(np.rint(kept[chosen] * (1 - fraction)), 1)
    return [int(n) for n in kept]


def gaussian_reduction(
    counts: Sequence[int],
    fraction: float,
    data_seed: int | np.random.Generator | None = None,
) -> list[int]:
    r"""Return the class counts after a removal that a Gaussian divides among the classes.

    The classes are put in random order, at places 0..K-1. The class at place c loses a share

    .. math:: \propto \exp\big(-(c - m)^2 / 2 s^2\big), \quad m = (K - 1) / 2, \quad s = K / 5

    of all removed samples. Every class keeps at least 1 sample; the other classes make up for
    what one cannot give.

    Parameters
    ----------
    counts : sequence of int
        Class counts before the reduction, K numbers.
    fraction : float
        Fraction of all samples to remove, in [0, 1). The paper uses 0, .2 and .4.
    data_seed : int, numpy Generator or None, default=None
        The data seed, which orders the classes.

    Returns
    -------
    list of int
        K counts.

    Raises
    ------
    InputError
        If `fraction` is out of range or leaves a class without a sample.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), section 4.2, first experiment. Differs from the paper, which
    says "selected with Gaussian distribution" but gives neither mean nor deviation; these are
    this library's own.

    Examples
    --------
    >>> gaussian_reduction([100] * 5, 0.4, data_seed=0)
    [20, 89, 51, 89, 51]
    """
    _check(counts, fraction)
    before = np.asarray(counts)
    places = np.random.default_rng(data_seed).permutation(len(before))
    density = np.exp(-((places - (len(before) - 1) / 2) ** 2) / (2 * (len(before) / 5) ** 2))
    wanted = round(fraction * int(before.sum()))
    if wanted > int((before - 1).sum()):
        raise InputError(f"fraction is {fraction}; a class would be left without a sample")
    removed = np.zeros(len(before))
    open_ = np.ones(len(before), dtype=bool)
    while (missing := wanted - removed.sum()) > 1e-6:
        removed[open_] += missing * density[open_] / density[open_].sum()
        removed = np.minimum(removed, before - 1)
        open_ = removed < before - 1
    whole = np.floor(removed + 1e-9).astype(int)
    rest = np.argsort(-(removed - whole), kind="stable")[: wanted - int(whole.sum())]
    whole[rest] += 1
    return [int(n) for n in before - whole]


def _check(counts: Sequence[int], fraction: float) -> None:
    from imbtorch.data.checks import check_counts  # torch, which listing the tables needs not

    if not 0 <= fraction < 1:
        raise InputError(f"fraction is {fraction}; it must lie in [0, 1)")
    check_counts(counts, "counts")
