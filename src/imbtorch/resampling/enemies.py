"""Nearest enemies: the neighbors of a sample that belong to another class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.resampling.others import nearest_others
from imbtorch.resampling.search import BLOCK

Indices = NDArray[np.int64]


def nearest_enemies(
    nn: Any, x: Any, y: NDArray[Any], rows: Indices, n_neighbors: int, *, compat: bool = False
) -> tuple[Indices, Indices]:
    """List the nearest enemies of some samples.

    Parameters
    ----------
    nn : object
        Search fitted on `x`, with scikit-learn's ``kneighbors``, for instance `Neighbors`.
    x : ndarray or Tensor of shape (N, D)
        Embeddings.
    y : ndarray of shape (N,)
        Labels.
    rows : ndarray of shape (n,), int64
        Row numbers of the samples in `x`.
    n_neighbors : int
        Neighbors k of each sample over all classes, without the sample itself; 1..N-1.
    compat : bool, default=False
        Instead of each enemy, list the neighbor before it (before the first, the sample itself).

    Returns
    -------
    number : ndarray of shape (n,), int64
        How many of each sample's k neighbors belong to another class, 0..k.
    enemies : ndarray of shape (number.sum(),), int64
        Row numbers of these neighbors in `x`: those of the first sample, nearest first, then
        those of the second, and so on.

    Examples
    --------
    >>> from imbtorch.resampling import Neighbors
    >>> x, y = np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([1, 1, 0, 0])
    >>> nearest_enemies(Neighbors().fit(x), x, y, np.array([0, 1]), 2)
    (array([1, 1]), array([2, 2]))
    """
    numbers, enemies = [], []
    step = max(1, 4 * BLOCK // max(4 * n_neighbors, x.shape[1]))  # rows and neighbors in memory
    for block in np.split(rows, range(step, len(rows), step)):
        neighbors = nearest_others(nn, x, block, n_neighbors)
        is_enemy = y[neighbors] != y[block, None]
        if compat:
            neighbors = np.column_stack([block, neighbors[:, :-1]])
        numbers.append(is_enemy.sum(1))
        enemies.append(neighbors[is_enemy])
    return np.concatenate(numbers), np.concatenate(enemies)


def draw_pairs(
    nn: Any,
    x: Any,
    y: NDArray[Any],
    counts: dict[int, int],
    n_neighbors: int,
    random: np.random.RandomState,
    *,
    compat: bool = False,
) -> list[tuple[Indices, Indices]]:
    """Draw samples that have enemies from some classes, and one enemy of each sample.

    Only the drawn samples are searched. A sample without enemies is replaced by another draw,
    which gives every sample with enemies the same chance.

    Parameters
    ----------
    nn, x, n_neighbors, compat
        As in `nearest_enemies`.
    y : ndarray of shape (N,), int64
        Labels, 0..C-1.
    counts : dict
        Class -> number of pairs to draw, with replacement.
    random : RandomState
        Draws the samples, then the enemies.

    Returns
    -------
    list of (bases, enemies)
        For each class of `counts`, in their order: two arrays of row numbers in `x`, of the
        length asked for, or empty for a class in which no sample has an enemy.

    Examples
    --------
    >>> from imbtorch.resampling import Neighbors
    >>> x, y = np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([1, 1, 0, 0])
    >>> draw_pairs(Neighbors().fit(x), x, y, {1: 3}, 1, np.random.RandomState(0))
    [(array([], dtype=int64), array([], dtype=int64))]
    >>> draw_pairs(Neighbors().fit(x), x, y, {1: 3}, 2, np.random.RandomState(0))
    [(array([0, 1, 1]), array([2, 2, 2]))]
    """
    groups = np.split(np.argsort(y, kind="stable"), np.cumsum(np.bincount(y))[:-1])
    number = np.full(len(y), -1)  # number of enemies, -1 while unknown
    first = np.zeros(len(y), dtype=np.int64)  # where they begin in `enemies`
    enemies = np.empty(0, dtype=np.int64)
    bases = dict.fromkeys(counts, np.empty(0, dtype=np.int64))
    ahead = 1  # draws per missing base: doubled each time, so that rare bases are found soon
    while True:
        drawn = {}
        for label, count in counts.items():
            pool = groups[label][number[groups[label]] != 0]
            if len(bases[label]) < count and len(pool):
                missing = count - len(bases[label])
                drawn[label] = pool[random.randint(len(pool), size=ahead * missing)]
        if not drawn:
            break
        new = np.unique(np.concatenate(list(drawn.values())))
        new = new[number[new] < 0]
        if len(new):
            number[new], found = nearest_enemies(nn, x, y, new, n_neighbors, compat=compat)
            first[new] = len(enemies) + number[new].cumsum() - number[new]
            enemies = np.concatenate([enemies, found])
        for label, rows in drawn.items():
            kept = np.concatenate([bases[label], rows[number[rows] > 0]])
            bases[label] = kept[: counts[label]]
        ahead *= 2
    return [(rows, enemies[first[rows] + random.randint(number[rows])]) for rows in bases.values()]
