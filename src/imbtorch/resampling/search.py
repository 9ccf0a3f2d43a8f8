"""The searches behind `Neighbors`: exact search in blocks of distances, and faiss indexes."""

import importlib.util
import warnings
from collections.abc import Callable
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from imbtorch.extras import extra

BLOCK = 2**20
"""Maximum number of distances in memory at a time (or those of one query, if more)."""
WHOLE = 25_000
"""Up to this many rows, a block of queries is compared with all rows at a time."""
TILE = 342 * 12
"""Above, it is compared with this many rows at a time, or more for many neighbors.

A multiple of the largest group, so that only the last tile is padded, which takes a copy."""
ROUNDING = 1e-3
"""Rounding, as a share of the squared distance to the second row, beyond which a query is searched
again in float64. In embeddings it is some 1e-5."""


def has_faiss() -> bool:
    """Return whether faiss is installed."""
    return importlib.util.find_spec("faiss") is not None


def search_blocks(base: Tensor, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Search exactly, one block of queries after another, on the device of the tensors.

    Selecting k of N distances takes longer than computing them. So the N rows are split into
    groups, and the nearest row of each group is compared first: the k nearest rows lie in the k
    groups whose nearest row is nearest, and the selection continues only in these.

    Distances come from squared norms and inner products. Where both are much larger than the
    distances, as in narrow clusters far apart or in columns of large numbers, float32 would leave
    nothing of these: such queries are searched in float64.

    Parameters
    ----------
    base : Tensor of shape (N, D)
        The rows to search.
    queries : Tensor of shape (n, D)
        With the dtype and on the device of `base`.
    k : int
        Neighbors of each query, 1..N.

    Returns
    -------
    squared : Tensor of shape (n, k)
        Squared distances, ascending; rounding can leave them slightly below 0.
    indices : Tensor of shape (n, k), int64

    Examples
    --------
    >>> search_blocks(torch.tensor([[0.0], [3.0], [1.0]]), torch.tensor([[0.0]]), 2)
    (tensor([[0., 1.]]), tensor([[0, 2]]))
    """
    linear = linear_for(base)
    norms = squared_norms(base)
    rows = len(base) if len(base) <= WHOLE else max(TILE, 48 * k)
    tiles = [
        _grouped(*tile, k)
        for tile in zip(torch.split(base, rows), torch.split(norms, rows), strict=True)
    ]
    squared = queries.new_empty(len(queries), k)
    indices = torch.empty(len(queries), k, dtype=torch.int64, device=queries.device)
    step, starts = max(1, BLOCK // min(rows, len(base))), range(0, len(base), rows)
    # of all tiles, in memory of their own: kept one by one, they would split what blocks free
    values = queries.new_empty(step, len(tiles) * k)
    places = torch.empty(step, len(tiles) * k, dtype=torch.int64, device=queries.device)
    for i in range(0, len(queries), step):
        scaled = -2 * queries[i : i + step]  # |x|^2 - 2 x q orders rows as the distance does
        n, used = len(scaled), 0
        for start, (x, bias, size) in zip(starts, tiles, strict=True):
            near, where = _nearest(linear(scaled, x, bias), size, k)
            part = slice(used, used := used + near.shape[1])
            values[:n, part], places[:n, part] = near, where + start
        near, where = values[:n, :used], places[:n, :used]
        if len(tiles) > 1:
            near, order = near.topk(k, largest=False)
            where = where.gather(1, order)
        squared[i : i + step], indices[i : i + step] = near, where
    length = queries.square().sum(1)
    squared += length[:, None]
    if base.dtype != torch.float64:
        rounding = 8 * torch.finfo(base.dtype).eps * (length + squared[:, -1].clamp_min(0))
        unsure = rounding > ROUNDING * squared[:, min(1, k - 1)]  # the first may be itself
        if unsure.any():
            device = torch.device("cpu") if base.device.type == "mps" else base.device
            wide, again = (x.to(device, torch.float64) for x in (base, queries[unsure]))
            exact, where = search_blocks(wide, again, k)
            squared[unsure], indices[unsure] = exact.to(squared), where.to(indices)
    return squared, indices


def _grouped(x: Tensor, norms: Tensor, k: int) -> tuple[Tensor, Tensor, int]:
    """Return rows, their squared norms, and into how many rows to group them.

    Where the groups do not divide the rows, these are padded by rows at infinity.
    """
    size = max(1, min(12, len(x) // (4 * k)))
    padding = -len(x) % size
    if padding:
        x = functional.pad(x, (0, 0, 0, padding))
        norms = functional.pad(norms, (0, padding), value=torch.inf)
    return x, norms, size


def _nearest(distances: Tensor, size: int, k: int) -> tuple[Tensor, Tensor]:
    """Return the k least distances of each row, ascending, and their columns."""
    groups = distances.shape[1] // size
    k = min(k, groups)
    distances = distances.view(-1, size, groups)
    chosen = distances.amin(1).topk(k, largest=False, sorted=False).indices
    inside = chosen[:, None].expand(-1, size, -1)
    nearest = distances.gather(2, inside).flatten(1).topk(k, largest=False)
    member, group = nearest.indices // k, chosen.gather(1, nearest.indices % k)
    return nearest.values, member * groups + group


def squared_norms(x: Tensor) -> Tensor:
    """Return the squared length of each row, (N,), without a copy of the rows in memory."""
    blocks = torch.split(x, max(1, BLOCK // x.shape[1]))
    return torch.cat([rows.square().sum(1) for rows in blocks])


def linear_for(base: Tensor) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the fastest function for ``x @ weight.T + bias`` on tensors such as `base`.

    In float32 on the CPU that is oneDNN's operator, which compiled networks call: on an AMD EPYC
    it takes half the time of the BLAS that eager PyTorch calls.
    """
    single = base.device.type == "cpu" and base.dtype == torch.float32
    if single and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda x, weight, bias: torch.ops.mkldnn._linear_pointwise(
            x, weight, bias, "none", [], ""
        )
    return functional.linear


def make_index(base: Tensor, method: str) -> Any:
    """Return a faiss index, "flat", "ivf" or "hnsw", over the rows of `base` in float32."""
    with (
        extra("knn", f"method {method!r}"),
        warnings.catch_warnings(),
    ):  # faiss's bindings warn at import that they need a newer SWIG
        if not has_faiss():
            raise ImportError(name="faiss")
        warnings.simplefilter("ignore", DeprecationWarning)
        import faiss
    # faiss asks for at least 39 rows per list; 4 sqrt(N) lists balance the two steps of a search
    lists = max(1, min(int(4 * sqrt(len(base))), len(base) // 39))
    names = {"flat": "Flat", "ivf": f"IVF{lists},Flat", "hnsw": "HNSW32,Flat"}
    index: Any = faiss.index_factory(base.shape[1], names[method])
    if method == "ivf":
        index.cp.niter, index.cp.max_points_per_centroid = 10, 64
    rows = base.float().cpu().numpy()
    index.train(rows)
    index.add(rows)
    return index


def set_width(index: Any, width: int) -> int:
    """Set how many lists or graph nodes are searched per query, and return that number."""
    if hasattr(index, "nprobe"):
        index.nprobe = min(width, index.nlist)
        return width if width < index.nlist else int(index.ntotal)
    index.hnsw.efSearch = width
    return width
