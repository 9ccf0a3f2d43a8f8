"""The searches behind `Neighbors`: blocks of distances, and faiss's indexes."""

import importlib.util
import warnings
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from imbtorch.errors import InputError

BLOCK = 2**22
"""Distances that are in memory at a time, at most (or those of one query, if more)."""


def has_faiss() -> bool:
    """Return whether faiss is installed."""
    return importlib.util.find_spec("faiss") is not None


def search_blocks(base: Tensor, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return squared distances and indices, each (n, k), in blocks of queries."""
    norms = base.square().sum(1)
    parts = [
        torch.addmm(norms, block, base.T, alpha=-2).topk(k, largest=False)
        for block in torch.split(queries, max(1, BLOCK // len(base)))
    ]
    squared = torch.cat([part.values for part in parts]) + queries.square().sum(1, keepdim=True)
    return squared, torch.cat([part.indices for part in parts])


def make_index(base: Tensor, method: str) -> Any:
    """Return a faiss index, "flat", "ivf" or "hnsw", over the rows of `base` in float32."""
    if not has_faiss():
        raise InputError(f"method is {method!r}, which needs faiss: install imbalanced-torch[knn]")
    with warnings.catch_warnings():  # its bindings say at import that they will need a new SWIG
        warnings.simplefilter("ignore", DeprecationWarning)
        import faiss
    # faiss asks for 39 rows a list at least; four times the root of N balances both searches
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
    """Set how many lists or graph nodes are looked through for a query, and return it."""
    if hasattr(index, "nprobe"):
        index.nprobe = min(width, index.nlist)
        return width if width < index.nlist else int(index.ntotal)
    index.hnsw.efSearch = width
    return width
