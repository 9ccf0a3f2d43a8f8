"""Quality of samples that were made: whether they are of their class, varied, and no copies."""

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.floating]
APART = 500
"""Real samples whose distance to the nearest other real one is the scale of `copying`, at most."""


def frechet_distance(a: Floats, b: Floats) -> float:
    r"""Return the Fréchet distance between two sets of embeddings, taken for normal.

    .. math:: \lVert m_a - m_b \rVert^2 + \mathrm{tr}(C_a + C_b - 2 (C_a C_b)^{1/2})

    Parameters
    ----------
    a, b : ndarray of shape (n, D) and (m, D)
        At least 2 each. Covariances C are shrunk after Ledoit and Wolf, since classes have few
        samples; compare values of sets of the same size.

    Returns
    -------
    float
        At least 0; 0 for sets of the same mean and covariance.

    References
    ----------
    Dowson and Landau, 1982; as a measure of images, Heusel et al., NeurIPS 2017 (FID).

    Examples
    --------
    >>> a = np.random.default_rng(0).normal(size=(500, 2))
    >>> round(frechet_distance(a, a + [3.0, 4.0]), 6)
    25.0
    """
    (first, second), gap = (ledoit_wolf(x)[0] for x in (a, b)), a.mean(0) - b.mean(0)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    product = np.linalg.eigvalsh(root @ second @ root).clip(0)  # those of C_a C_b
    distance = gap @ gap + np.trace(first) + np.trace(second) - 2 * np.sqrt(product).sum()
    return float(max(distance, 0.0))


def copying(made: Floats, real: Floats) -> float | None:
    """Return how far made samples lie from real ones, in units of real ones from each other.

    Parameters
    ----------
    made, real : ndarray of shape (n, D) and (m, D)
        Samples of one class.

    Returns
    -------
    float or None
        Mean distance of made samples to the nearest real one, over that of real samples to the
        nearest other: near 0 for copies, 1 for samples as new as real ones. None if real samples
        have no distance.

    Examples
    --------
    >>> real = np.array([[0.0], [2.0], [4.0]])
    >>> copying(real, real), copying(np.array([[1.0]]), real), copying(real, real[:1])
    (0.0, 0.5, None)
    """
    if len(real) < 2:
        return None
    middle = real.mean(0)
    search = NearestNeighbors(algorithm="brute").fit(real - middle)
    apart = search.kneighbors(real[:APART] - middle, 2)[0][:, 1].mean()
    away = search.kneighbors(made - middle, 1)[0].mean()
    return float(away / apart) if apart > 0 else None


def variety(made: Floats, real: Floats) -> float | None:
    """Return how much made samples differ from each other, in units of real ones.

    Parameters
    ----------
    made, real : ndarray of shape (n, D) and (m, D)
        Samples of one class.

    Returns
    -------
    float or None
        Root of the total variance of made samples, over that of real ones: 0 if all are alike. None
        if real ones are.

    Examples
    --------
    >>> real = np.array([[0.0], [2.0], [4.0]])
    >>> variety(real / 2, real), variety(real, real[:1])
    (0.5, None)
    """
    total = float(real.var(0).sum())
    return float(np.sqrt(made.var(0).sum() / total)) if total > 0 else None
