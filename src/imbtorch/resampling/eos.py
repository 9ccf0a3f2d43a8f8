"""EOS: expansive over-sampling toward the nearest enemies."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from imblearn.utils import check_sampling_strategy
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.base import clone
from sklearn.utils import check_random_state
from torch import Tensor

from imbtorch.data.checks import RandomState
from imbtorch.data.finite import check_finite
from imbtorch.errors import InputError
from imbtorch.option_types import is_number
from imbtorch.places import NeighborSearch
from imbtorch.resampling.apply import bounds_of
from imbtorch.resampling.base import Strategy, TopUpSampler, cast_within
from imbtorch.resampling.enemies import Indices, draw_pairs
from imbtorch.resampling.neighbors import Neighbors
from imbtorch.resampling.search import BLOCK
from imbtorch.resampling.smote import SMOTE
from imbtorch.seeding import random_state_from

EVERY = slice(None)


class EOS(TopUpSampler):
    r"""Over-sample rare classes by points between a sample and its nearest enemies.

    For a class below its target, the bases are its samples whose k nearest neighbors (over all
    classes, Euclidean) include samples of another class, the enemies. A synthetic point is

    .. math:: s = b + r \, (e - b), \quad r \sim U[0, 1)

    with base b drawn uniformly with replacement, and e uniformly among the enemies of b.

    Parameters
    ----------
    n_neighbors : int, default=10
        Number k of neighbors searched, 1..N-1. Larger is often better (50 to 300).
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    direction : {"toward", "away"}, default="toward"
        "away" computes :math:`s = b + r \, (b - e)`, as printed in the paper's listing.
    compat : bool, default=False
        Pair base and neighbor as the authors' program does, one position off: instead of an
        enemy, take the next nearer neighbor of the base, which can be of the base's class or the
        base itself. Use it to reproduce their figures.
    top_up : bool, default=False
        A class without an enemy within k neighbors is over-sampled by repetition, with a
        warning that names it, or by SMOTE if `top_up` is set.
    random_state : int, RandomState or None, default=None
        Draws bases, enemies and r, the same on every device.
    nn : object, optional
        Neighbor search: `Neighbors`, or any object with scikit-learn's ``fit`` and
        ``kneighbors``. By default ``Neighbors()``.

    Attributes
    ----------
    base_indices_ : ndarray of shape (n,), int64
        Row number of each synthetic row's base; -1 for rows that SMOTE filled up.
    enemy_indices_ : ndarray of shape (n,), int64
        Row number of each synthetic row's enemy; -1 if the base was repeated.
    r_ : ndarray of shape (n,), float64
        Step from the base, in [0, 1); 0 if the base was repeated.
    sampling_strategy_ : dict
        Class -> number of synthetic rows, in the order of the rows; those that SMOTE filled up
        are the last of all.
    short_ : dict
        Class -> number of rows that SMOTE filled up.
    nn_ : object
        The fitted `nn`.

    Raises
    ------
    InputError
        If `n_neighbors` is not below the number of samples or `direction` is unknown.

    Notes
    -----
    ``fit_resample(X, y)`` takes X of shape (N, D) and y of shape (N,): arrays (also
    memory-mapped), data frames, sparse matrices (made dense on the way), or Tensors, which stay
    on their device. It returns the real rows first, unchanged, then the synthetic rows, of the
    same kind and dtype. A class without enemies within k neighbors is over-sampled by
    repetition, with a warning that names it. Only drawn samples are searched for enemies; a
    sample without any is redrawn.

    Differs from the paper: Algorithm 2 prints ``b + r (b - e)``, which moves away from the
    enemy; the text says convex combination, which is what the authors' program computes and the
    default here.

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

    takes_tensors = True
    base_indices_: Indices
    enemy_indices_: Indices
    r_: NDArray[np.float64]

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        sampling_strategy: Strategy = "auto",
        direction: str = "toward",
        compat: bool = False,
        top_up: bool = False,
        random_state: RandomState = None,
        nn: NeighborSearch | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.direction = direction
        self.compat = compat
        self.top_up = top_up
        self.random_state = random_state
        self.nn = nn

    def _fit_resample_tensor(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        check_finite(X, "X")
        labels = y.cpu().numpy()
        strategy = check_sampling_strategy(self.sampling_strategy, labels, self._sampling_type)
        self.sampling_strategy_, self.n_features_in_ = strategy, X.shape[1]
        new_y = self._synthesize(X, labels)
        new_x = torch.cat([X, self._points(X)])
        return self._filled_up(labels, new_x, torch.cat([y, torch.as_tensor(new_y).to(y.device)]))

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        dense = X.toarray() if issparse(X) else X
        y = np.concatenate([y, self._synthesize(dense, y)])
        if issparse(X):
            return vstack([X, type(X)(self._points(dense))], format=X.format), y
        new_x = np.empty((len(y), X.shape[1]), X.dtype)
        new_x[: len(X)] = X
        block = max(1, BLOCK // X.shape[1])
        for start in range(0, len(y) - len(X), block):  # in place: the rows are in memory once
            points = self._points(X, slice(start, start + block))
            new_x[len(X) + start :][: len(points)] = points
        return new_x, y

    def _fill(
        self, wanted: Mapping[Any, int], before: Mapping[Any, int], x: Any, y: Any
    ) -> tuple[Any, Any]:
        number = len(y)
        filler = SMOTE(
            self.n_neighbors,
            sampling_strategy=dict(wanted),
            top_up=True,
            random_state=self.random_state,
        )
        filler.warns_when_short = False  # of a class of one row, which has been said
        x, y = filler.fit_resample(x, y)
        made = np.full(len(y) - number, -1)
        self.base_indices_ = np.append(self.base_indices_, made)
        self.enemy_indices_ = np.append(self.enemy_indices_, made)
        self.r_ = np.append(self.r_, np.zeros(len(made)))
        return x, y

    def _synthesize(self, X: Any, y: NDArray[Any]) -> NDArray[Any]:
        """Draw where the synthetic rows come from, and return their labels."""
        k = self.n_neighbors
        if not is_number(k) or not 1 <= k < len(X) or k % 1:
            raise InputError(
                f"n_neighbors is {k!r}; with {len(X)} samples it must be a whole "
                f"number in 1..{len(X) - 1}"
            )
        if self.direction not in ("toward", "away"):
            raise InputError(f"direction is {self.direction!r}; it must be 'toward' or 'away'")
        random = check_random_state(random_state_from(self.random_state))
        wanted = {label: count for label, count in self.sampling_strategy_.items() if count}
        self.nn_ = Neighbors() if self.nn is None else clone(self.nn, safe=False)
        drawn = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        if wanted:
            drawn += self._draw(X, y, wanted, random)
        self.base_indices_, self.enemy_indices_, self.r_ = (
            np.concatenate(parts) for parts in zip(*drawn, strict=True)
        )
        made = [len(bases) for bases, _, _ in drawn[1:]]
        return np.repeat(np.array(list(wanted), dtype=y.dtype), made)

    def _draw(
        self, X: Any, y: NDArray[Any], wanted: dict[Any, int], random: np.random.RandomState
    ) -> Iterator[tuple[Indices, Indices, NDArray[np.float64]]]:
        """Draw bases, enemies and r of each class in turn, after all neighbors are found."""
        classes, codes = np.unique(y, return_inverse=True)
        counts = {int(np.searchsorted(classes, label)): n for label, n in wanted.items()}
        pairs = draw_pairs(
            self.nn_.fit(X), X, codes, counts, self.n_neighbors, random, compat=self.compat
        )
        for (label, count), (bases, enemies) in zip(wanted.items(), pairs, strict=True):
            if len(bases):
                yield bases, enemies, random.uniform(size=count)
            elif self.top_up:
                yield bases, enemies, np.empty(0)
            else:
                warnings.warn(
                    f"class {label!s} has no enemy among its {self.n_neighbors} nearest "
                    "neighbors: it is over-sampled by repetition",
                    UserWarning,
                    stacklevel=2,
                )
                repeated = random.choice(np.flatnonzero(y == label), count)
                yield repeated, np.full(count, -1), np.zeros(count)

    def _points(self, X: Any, part: slice = EVERY) -> Any:
        """Return the points given by bases, enemies and r, of the kind and dtype of X."""
        r = self.r_[part, None] if self.direction == "toward" else -self.r_[part, None]
        base, enemy = self.base_indices_[part], np.maximum(self.enemy_indices_[part], 0)
        if isinstance(X, Tensor):
            if not X.is_floating_point():
                raise InputError(f"X has dtype {X.dtype}; it must be a floating-point one")
            wide = torch.promote_types(X.dtype, torch.float32)  # where differences do not overflow
            start, end = (X[torch.from_numpy(rows).to(X.device)].to(wide) for rows in (base, enemy))
            return (start + torch.from_numpy(r).to(start) * (end - start)).to(X.dtype)
        start, end = X[base], X[enemy]
        if X.dtype.kind != "f":  # integers stay integers, between base and enemy
            start = start.astype(np.float64)
            return cast_within((start + r * (end - start)).round(), *bounds_of(X.dtype))
        end -= start  # in place: memory traffic costs more than arithmetic here
        end *= r.astype(X.dtype)
        end += start
        return end
