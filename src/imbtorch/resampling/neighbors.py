"""Nearest neighbors: exact on any device, approximate for large data, with one interface."""

import logging
import warnings
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.neighbors._base import KNeighborsMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from imbtorch.data.checks import Array
from imbtorch.data.finite import are_finite
from imbtorch.errors import InputError
from imbtorch.resampling.cells import Cells
from imbtorch.resampling.others import without_itself
from imbtorch.resampling.search import make_index, search_blocks, set_width

Found: TypeAlias = NDArray[np.generic] | Tensor
logger = logging.getLogger(__name__)
SEARCHES = ("auto", "torch", "cells", "flat", "ivf", "hnsw")
EXACT_ROWS = 25_000
"""Up to this many rows "auto" searches exactly; above, on the CPU, it searches in cells."""
LARGEST_SHARE = 0.35
"""Where cells would compare more of the rows than this, exact search is faster."""
RECALL_SAMPLE = 256
"""Queries on which the recall of an index of faiss is measured."""
FEWEST = 64
"""Fewer queries than this are searched exactly."""


class Neighbors(KNeighborsMixin, BaseEstimator):  # type: ignore[misc]
    r"""Euclidean nearest neighbors, with scikit-learn's interface.

    Pass it to imbalanced-learn's samplers as ``k_neighbors=`` (with one neighbor more than they
    should use, since they drop the first) and to `EOS` as ``nn=``. No more than 2^20 distances
    are ever in memory, and only the requested rows are searched.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number k of neighbors returned unless `kneighbors` is given another number.
    method : {"auto", "torch", "cells", "flat", "ivf", "hnsw"}, default="auto"
        "torch" searches exactly, block by block, on the device and in the precision of the data
        (float16 in float32); "cells" searches in the same way the part of the rows near a query
        (see `Cells`), and is approximate. The others come from faiss and run on the CPU in
        float32: "flat" is exact, "ivf" (inverted file) and "hnsw" (graph) are approximate. "auto"
        searches exactly, except among more than 25,000 rows on the CPU: there, each call takes
        "cells" if these compare at most 35 % of the rows, and says so by a warning. In data
        without clusters they would compare more, and the search stays exact.
    recall : float, default=0.99
        Recall that an approximate search must reach, in 0..1: the share of the true k neighbors
        that it finds. It is measured against exact search: for "cells" on 64 to 256 of the
        queries of each call (fewer than 64 are searched exactly), where it must lie two standard
        errors above; for faiss on up to 256 of the first queries, and the search is widened by
        factors of two.

    Attributes
    ----------
    method_ : str
        The method in use: `method`, or what "auto" chose, last in `kneighbors`.
    recall_ : float
        Least recall measured since `fit`; absent while no search was approximate.
    n_samples_fit_ : int
        Number of rows N.

    Raises
    ------
    InputError
        If `method` is unknown or needs missing faiss, `recall` is not in 0..1 or k not in 1..N.

    Notes
    -----
    Distances come from squared norms and inner products of centered rows, in float64 where rounding
    would else decide: exact up to rounding in the precision given above, but for faiss.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> Neighbors(2).fit(X).kneighbors(X[:1])
    (array([[0., 1.]]), array([[0, 1]]))
    >>> Neighbors(1).fit(X).kneighbors(return_distance=False).ravel()  # itself left out
    array([1, 0, 1, 2])
    """

    recall_: float

    def __init__(self, n_neighbors: int = 5, *, method: str = "auto", recall: float = 0.99) -> None:
        self.n_neighbors = n_neighbors
        self.method = method
        self.recall = recall

    def fit(self, X: Array, y: None = None) -> "Neighbors":
        """Store the rows to search, an array or Tensor of shape (N, D)."""
        if self.method not in SEARCHES:
            raise InputError(f"method is {self.method!r}; it must be one of {', '.join(SEARCHES)}")
        if not 0 <= self.recall <= 1:
            raise InputError(f"recall is {self.recall}; it must lie in [0, 1]")
        rows = _dense(X)
        if isinstance(rows, Tensor):
            self._mean = rows.to(_precision(rows)).mean(0)
        else:
            self._mean = torch.from_numpy(rows.mean(0, dtype=np.float64))
        self._base = self._prepare(rows)
        self.n_samples_fit_, self.n_features_in_ = self._base.shape
        self.method_ = self._choose() if self.method == "auto" else self.method
        logger.info("neighbors among %d x %d: %s", *self._base.shape, self.method_)
        self._cells = Cells(self._base) if self.method_ == "cells" else None
        if self._cells is not None:
            self._base = self._cells.base  # one copy of the rows
        faiss = self.method_ not in ("torch", "cells")
        self._index = make_index(self._base, self.method_) if faiss else None
        if hasattr(self, "recall_"):
            del self.recall_
        return self

    def kneighbors(
        self, X: Array | None = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Found | tuple[Found, Found]:
        """Find the nearest neighbors of each row of `X`, nearest first.

        Parameters
        ----------
        X : array or Tensor of shape (n, D), optional
            By default all N fitted rows, each left out of its own neighbors.
        n_neighbors : int, optional
            Number k of neighbors, 1..N; by default the constructor's.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray or Tensor of shape (n, k)
            Only if `return_distance` is set.
        indices : ndarray or Tensor of shape (n, k), int64
            Both are Tensors, on its device, if `X` is one.
        """
        check_is_fitted(self, "n_samples_fit_")
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        own = 1 if X is None else 0
        if not 1 <= k <= self.n_samples_fit_ - own or k % 1:
            raise InputError(
                f"n_neighbors is {k}; with {self.n_samples_fit_} samples it must be a whole number "
                f"in 1..{self.n_samples_fit_ - own}"
            )
        rows = None if X is None else _dense(X)
        if rows is not None and rows.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {rows.shape[1]} columns; the fitted rows have {self._base.shape[1]}"
            )
        queries = self._base if rows is None else self._prepare(rows)
        squared, indices = self._search(queries, k + own)
        if own and self._cells is not None:  # whose rows are in another order
            back = self._cells.rows.argsort()
            squared, indices = squared[back], indices[back]
        distances = squared.clamp_min(0).sqrt()
        if own:
            keep = without_itself(indices, torch.arange(len(indices), device=indices.device))
            distances, indices = (a[keep].view(-1, k) for a in (distances, indices))
        on = X.device if isinstance(X, Tensor) else "cpu"
        found: list[Any] = [a.to(on) for a in (distances, indices)]
        if not isinstance(X, Tensor):
            found = [a.numpy() for a in found]
        return tuple(found) if return_distance else found[1]

    def _choose(self) -> str:
        large = len(self._base) > EXACT_ROWS and self._base.device.type == "cpu"
        return "cells" if large else "torch"

    def _prepare(self, X: Any) -> Tensor:
        """Return `X` minus the mean, as a new float32 or float64 tensor."""
        if isinstance(X, Tensor):
            return X.to(_precision(X)) - self._mean.to(X.device, _precision(X))
        mean = self._mean.cpu().numpy()
        return torch.from_numpy(np.subtract(X, mean, dtype=_precision(X)))

    def _search(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        if self._cells is not None:
            return self._search_cells(self._cells, queries.to(self._base), k)
        if self._index is None:
            return search_blocks(self._base, queries.to(self._base), k)
        if self.method_ != "flat" and not hasattr(self, "recall_"):
            self._widen(queries, k)
        found = self._index.search(queries.float().cpu().numpy(), k)
        squared, indices = (torch.from_numpy(a) for a in found)
        missed = (indices < 0).any(1)  # the searched lists hold fewer than k rows
        if missed.any():
            exact, indices[missed] = search_blocks(self._base, queries[missed].to(self._base), k)
            squared[missed] = exact.to(squared)
        return squared, indices

    def _search_cells(self, cells: Cells, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        if len(queries) < FEWEST:
            return cells.exact(queries, k)
        reach, recall, share = cells.reach(queries, k, self.recall)
        n = self.n_samples_fit_
        if self.method == "auto" and share > LARGEST_SHARE:
            logger.info("cells would compare %.0f %% of %d rows: exact search", 100 * share, n)
            self.method_ = "torch"
            return cells.exact(queries, k)
        first = not hasattr(self, "recall_")
        self.method_, self.recall_ = "cells", recall if first else min(self.recall_, recall)
        logger.info("cells, %.1f %% of %d rows: recall at %d is %.4f", 100 * share, n, k, recall)
        if self.method == "auto" and first:
            warnings.warn(
                f"nearest neighbors among {n} rows are approximate: recall {recall:.3f} at {k}, "
                "measured against exact search, which Neighbors(method='torch') does",
                UserWarning,
                stacklevel=2,
            )
        return cells.search(queries, k, reach)

    def _widen(self, queries: Tensor, k: int) -> None:
        """Double the search width until the recall is reached on some of the queries."""
        sample = queries[:: -(-len(queries) // RECALL_SAMPLE)].to(self._base)
        single = sample.float().cpu().numpy()
        true = search_blocks(self._base, sample, k)[1]
        width = set_width(self._index, max(32, k // 8))
        while True:
            found = torch.from_numpy(self._index.search(single, k)[1])  # type: ignore[union-attr]
            hits = [len(np.intersect1d(a, b)) for a, b in zip(true, found, strict=True)]
            self.recall_ = float(np.mean(hits)) / k
            logger.info("%s, width %d: recall at %d is %.3f", self.method_, width, k, self.recall_)
            if self.recall_ >= self.recall or width >= self.n_samples_fit_:
                return
            width = set_width(self._index, 2 * width)


def _dense(X: Any) -> Any:
    """Return an array or Tensor of shape (N, D) with finite numbers."""
    if not isinstance(X, Tensor):
        X = X.toarray() if issparse(X) else np.asarray(X)
        if X.dtype.kind not in "fiub":
            raise InputError(f"X has dtype {X.dtype}; it must hold numbers")
    if X.ndim != 2 or not all(X.shape):
        raise InputError(f"X has shape {tuple(X.shape)}; it must be (N, D), both at least 1")
    if not are_finite(X):
        raise InputError("X has NaN or infinite values; remove or fill them first")
    return X


def _precision(X: Any) -> Any:
    """Return float32 for half and single precision, float64 for everything else."""
    kind: Any = torch if isinstance(X, Tensor) else np
    narrow = X.dtype in (kind.float16, kind.float32) or X.dtype == torch.bfloat16
    return kind.float32 if narrow else kind.float64
