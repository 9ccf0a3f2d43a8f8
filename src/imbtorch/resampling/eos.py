"""EOS: expansive over-sampling towards the nearest enemies."""

import warnings
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from imbtorch.errors import InputError


def nearest_enemies(
    x: NDArray[Any], y: NDArray[Any], target: object, n_neighbors: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Find the nearest neighbours of one class over all classes, and which are enemies.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Embeddings.
    y : ndarray of shape (N,)
        Labels.
    target : label
        The class whose samples are looked at, n of them.
    n_neighbors : int
        Neighbours k of each, itself excluded; 1..N-1.

    Returns
    -------
    rows : ndarray of shape (n,), int64
        The samples of the class, as rows of `x`.
    neighbors : ndarray of shape (n, k), int64
        Their neighbours, as rows of `x`, the nearest first (Euclidean).
    enemies : ndarray of shape (n, k), bool
        Whether the neighbour is of another class.
    """
    rows = np.flatnonzero(y == target)
    index = NearestNeighbors(n_neighbors=n_neighbors + 1).fit(x)
    found = index.kneighbors(x[rows], return_distance=False)
    # With duplicated rows a sample need not be its own first neighbour: drop it where it is,
    # or the last one where it is not among them.
    itself = found == rows[:, None]
    itself[~itself.any(1), -1] = True
    neighbors = found[~itself].reshape(len(rows), n_neighbors)
    return rows, neighbors, y[neighbors] != target


class EOS(BaseOverSampler):  # type: ignore[misc]
    r"""Over-sample rare classes by points between a sample and its nearest enemies.

    For a class below its target, the bases are those samples whose k nearest neighbours (over
    all classes) contain another class, the enemies. A synthetic point is

    .. math:: s = b + r \, (e - b), \quad r \sim U[0, 1]

    with base b drawn uniformly with replacement and e uniformly among the enemies of b.

    Parameters
    ----------
    n_neighbors : int, default=10
        Neighbours k looked at, 1..N-1. Larger is often better (50 to 300).
    sampling_strategy : str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    random_state : int, RandomState or None, default=None
        Draws bases, enemies and r.

    Raises
    ------
    InputError
        If `n_neighbors` is not below the number of samples.

    Notes
    -----
    ``fit_resample(X, y)`` takes X of shape (N, D) and y of shape (N,), and returns the real
    rows first and unchanged, then the synthetic ones. A class without enemies within k
    neighbours is over-sampled by repetition, with a warning that names it.

    Differs from the paper: Algorithm 2 prints ``b + r (b - e)``, which moves away from the
    enemy; the text says convex combination, which this is.

    References
    ----------
    EOS (Dablain et al.), section III-D, Algorithm 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (40, 2)), rng.normal(1, 1, (10, 2))])
    >>> y = np.array([0] * 40 + [1] * 10)
    >>> X_balanced, y_balanced = EOS(n_neighbors=5, random_state=0).fit_resample(X, y)
    >>> np.bincount(y_balanced)
    array([40, 40])
    """

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def _fit_resample(self, X: NDArray[Any], y: NDArray[Any]) -> tuple[Any, Any]:
        if not 1 <= self.n_neighbors < len(X):
            raise InputError(
                f"n_neighbors is {self.n_neighbors}; with {len(X)} samples it must lie in "
                f"1..{len(X) - 1}"
            )
        random = check_random_state(self.random_state)
        new_x, new_y = [X], [y]
        for target, count in self.sampling_strategy_.items():
            if count == 0:
                continue
            rows, neighbors, enemies = nearest_enemies(X, y, target, self.n_neighbors)
            has_enemy = enemies.any(1)
            if has_enemy.any():
                bases = random.choice(np.flatnonzero(has_enemy), count)
                base = X[rows[bases]]
                enemy = X[_draw_enemy(neighbors[bases], enemies[bases], random)]
                r = random.uniform(size=(count, 1)).astype(X.dtype)
                new_x.append(base + r * (enemy - base))
            else:
                warnings.warn(
                    f"class {target!s} has no enemy among its {self.n_neighbors} nearest "
                    "neighbours: it is over-sampled by repetition",
                    UserWarning,
                    stacklevel=3,
                )
                new_x.append(X[random.choice(rows, count)])
            new_y.append(np.full(count, target, dtype=y.dtype))
        return np.concatenate(new_x), np.concatenate(new_y)


def _draw_enemy(
    neighbors: NDArray[np.int64], enemies: NDArray[np.bool_], random: np.random.RandomState
) -> NDArray[np.int64]:
    """Draw, in each row, one of the neighbours marked as enemy."""
    wanted = random.randint(enemies.sum(1))
    place = (enemies.cumsum(1) > wanted[:, None]).argmax(1)
    chosen: NDArray[np.int64] = neighbors[np.arange(len(neighbors)), place]
    return chosen
