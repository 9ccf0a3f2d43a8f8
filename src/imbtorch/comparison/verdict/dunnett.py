"""Dunnett's test of many recipes against one: critical values, and variances pooled with care."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from scipy.optimize import brentq

CONFIDENCE = 0.95
"""Of all intervals of a table together."""
ODD, FAR = 0.10, 0.01
"""Chance of a variance from which on a recipe has a noise of its own, and leaves the pool."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(48)
WEIGHTS /= np.sqrt(2 * np.pi)
CHANCES, SHARES = np.polynomial.legendre.leggauss(64)
CHANCES, SHARES = (CHANCES + 1) / 2, SHARES / 2


@cache
def critical_value(comparisons: int, df: float) -> float:
    r"""Return Dunnett's two-sided critical value for comparisons with one common baseline.

    The number c for which :math:`P(\max_r |t_r| < c)` is 0.95, where the t statistics share the
    baseline, so that any two have the correlation 1/2, and one estimate of variance:

    .. math:: t_r = (z_r + z_0) / (\sqrt{2} s), \quad df \, s^2 \sim \chi^2_{df}

    Given z_0 and s, they are independent: the probability is a double integral over these two.

    Parameters
    ----------
    comparisons : int
        Number of recipes compared with the baseline, at least 1.
    df : float
        Degrees of freedom of the variance, more than 0; may be infinite.

    Returns
    -------
    float
        With one comparison, Student's t.

    Notes
    -----
    `scipy.stats.dunnett` takes independent groups, not blocks of seeds, and
    `scipy.stats.multivariate_t`, which gives the same numbers, takes seconds for 30 recipes.

    References
    ----------
    Dunnett, A multiple comparison procedure for comparing several treatments with a control,
    J. Am. Stat. Assoc. 50, 1955.

    Examples
    --------
    >>> round(critical_value(1, 2), 2), round(critical_value(5, 10), 2)
    (4.3, 2.99)
    """
    alone, bonferroni = stats.t.isf((1 - CONFIDENCE) / 2 / np.array([1, comparisons]), df)
    if comparisons == 1:
        return float(alone)
    scale = stats.chi2.ppf(CHANCES, df) / df if np.isfinite(df) else np.ones(64)

    def excess(c: float) -> float:
        bound = c * np.sqrt(2 * scale)[:, None]
        inside = special.ndtr(bound - NODES) - special.ndtr(-bound - NODES)
        return float(SHARES @ inside**comparisons @ WEIGHTS - CONFIDENCE)

    return float(brentq(excess, alone, bonferroni, xtol=1e-4))


def pooled_variances(
    variances: Sequence[float], dfs: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return variances of paired differences that borrow strength from each other.

    Two or three seeds hardly tell the variance of one recipe. Recipes mostly vary alike, so each
    takes the weighted mean of its own variance and the mean of the others', which count up to
    twice as much as its own. A recipe that varies more than the others (F test at 10 %) keeps its
    own variance, and one that varies far more (at 1 %), such as one that collapses with some
    seeds, does not count for the others either.

    Parameters
    ----------
    variances : sequence of float
        Sample variance of each recipe's differences from the baseline.
    dfs : sequence of int
        Their degrees of freedom, at least 1 each.

    Returns
    -------
    variances : ndarray of shape (recipes,)
    dfs : ndarray of shape (recipes,)
        Degrees of freedom. Differences from a common baseline have the correlation 1/2, so the
        variances of m recipes are worth m / (1 + (m - 1) / 4) independent ones.
    apart : ndarray of shape (recipes,)
        Whether a recipe varies far more than the others.

    Notes
    -----
    A pool of all residuals of the block design, recipes x seeds, has more power where all recipes
    and the baseline vary alike, but is wrong where they do not: of made-up tables in which no
    recipe is better and the baseline varies three times as much as the others, up to 15 % then say
    "better"; with this pool, at most 5 % do. It exceeds 5 % only with two seeds and a recipe that
    varies ten times as much (up to 8 %). ``benchmarks/verdict_simulation.py`` measures this.

    Examples
    --------
    >>> variances, dfs, apart = pooled_variances([1.0, 2.0, 400.0], [2, 2, 2])
    >>> [round(float(v), 3) for v in variances], dfs.tolist(), apart.tolist()
    ([1.5, 1.5, 400.0], [4.0, 4.0, 2.0], [False, False, True])
    """
    own, df = np.asarray(variances, np.float64), np.asarray(dfs, np.float64)
    apart = np.zeros(len(own), bool)

    def others(r: int) -> tuple[float, float]:
        """Return the mean variance of the rest of the pool, and what it is worth."""
        rest = ~apart & (np.arange(len(own)) != r)
        number = rest.sum()
        if not number:
            return np.nan, np.nan
        return float(np.average(own[rest], weights=df[rest])), df[rest].sum() / (
            1 + (number - 1) / 4
        )

    def larger(r: int, chance: float) -> bool:
        mean, worth = others(r)
        return bool(own[r] > mean * special.fdtri(df[r], worth, 1 - chance))

    while not apart.all():
        widest = int(np.argmax(np.where(apart, -1, own)))
        if not larger(widest, FAR):
            break
        apart[widest] = True
    pooled, total = own.copy(), df.copy()
    for r in np.flatnonzero(~apart).tolist():
        mean, worth = others(r)
        if worth == worth and not larger(r, ODD):
            borrowed = min(worth, 2 * df[r])
            pooled[r] = (borrowed * mean + df[r] * own[r]) / (borrowed + df[r])
            total[r] = borrowed + df[r]
    return pooled, total, apart
