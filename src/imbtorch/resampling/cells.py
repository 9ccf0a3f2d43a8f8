"""Approximate search: rows in cells around centers, of which a query visits the near ones."""

from math import isqrt

import torch
from torch import Tensor

from imbtorch.resampling.search import BLOCK, linear_for, search_blocks

COLUMNS = 16
"""How many columns of the rows are reordered at a time."""
SAMPLE = 1024
"""Queries, at most, that are searched exactly to find how far the others must look."""


class Cells:
    r"""Rows grouped by their nearest center, searched cell by cell (an inverted file).

    A query q whose nearest center is h can only find in the cell of a center c what is at least

    .. math:: b = (|q - c|^2 - |q - h|^2) / (2 |c - h|)

    away, which is its distance from the plane that separates the two cells. It visits the cells
    with b up to a reach; all queries that visit a cell are compared with it by one matrix product.

    Parameters
    ----------
    base : Tensor of shape (N, D)
        The rows to search, float32 or float64. They are brought into another order in place, so
        that they are in memory once.

    Attributes
    ----------
    base : Tensor of shape (N, D)
        The rows, those of one cell after those of another.
    rows : Tensor of shape (N,), int64
        Their row numbers in the argument.
    centers : Tensor of shape (C, D)
        Means of the cells, by five rounds of k-means on 32 rows for each.

    Examples
    --------
    >>> x = torch.arange(1000.0)[:, None]
    >>> cells = Cells(x.clone())
    >>> reach, recall, share = cells.reach(x, 3, 0.99)
    >>> recall, share < 0.5, cells.search(x[7:8], 3, reach)[1].sort().values.tolist()
    (1.0, True, [[6, 7, 8]])
    """

    def __init__(self, base: Tensor) -> None:
        n = len(base)
        count = max(1, min(n // 32, 5 * isqrt(n) // 4))
        rng = torch.Generator().manual_seed(0)
        some = base[torch.randperm(n, generator=rng)[: 32 * count].to(base.device)]
        self.centers = some[:count].clone()
        for _ in range(5):
            home = self._homes(some)
            size = torch.bincount(home, minlength=count)[:, None]
            sums = torch.zeros_like(self.centers).index_add_(0, home, some)
            self.centers = torch.where(size > 0, sums / size.clamp_min(1), self.centers)
        home = self._homes(base)
        self.rows = home.argsort(stable=True)
        for columns in torch.split(base, COLUMNS, 1):
            columns.copy_(columns[self.rows])
        self.base, self.home = base, home[self.rows]
        self.sizes = torch.bincount(home, minlength=count)
        self._ends: list[int] = self.sizes.cumsum(0).tolist()
        self._apart = torch.cdist(self.centers, self.centers).clamp_min(1e-12)

    def reach(self, queries: Tensor, k: int, recall: float) -> tuple[float, float, float]:
        """Find how far queries must look, by exact search for a sample of them.

        Returns
        -------
        reach : float
            The least for which the sample's mean recall is two standard errors above `recall`
            (or all its neighbors are found).
        recall : float
            Share of the sample's k neighbors that it finds. The nearest, often the query itself,
            does not count unless it is the only one.
        share : float
            Mean share of all rows that the sample's visits compare.
        """
        number = min(len(queries), max(64, min(SAMPLE, len(queries) // 64)))
        sample = queries[:: -(-len(queries) // number)]
        true = search_blocks(self.base, sample, k)[1][:, min(1, k - 1) :]
        bounds = self._bounds(sample)
        needed = bounds.gather(1, self.home[true])
        ascending = needed.flatten().sort().values
        for reach in ascending[max(0, int(recall * len(ascending)) - 1) :]:
            found = (needed <= reach).double().mean(1)
            error = 0.0 if len(found) == 1 else float(found.std()) / len(found) ** 0.5
            if float(found.mean()) - 2 * error >= recall:
                break
        share = (bounds <= reach).double() @ self.sizes.double() / len(self.base)
        return float(reach), float(found.mean()), float(share.mean())

    def search(self, queries: Tensor, k: int, reach: float) -> tuple[Tensor, Tensor]:
        """Return what `search_blocks` returns, from the cells within reach of each query."""
        squared = queries.new_empty(len(queries), k)
        rows = torch.empty(len(queries), k, dtype=torch.int64, device=queries.device)
        order = self._homes(queries).argsort(stable=True)  # near queries share cells
        for part in torch.split(order, max(1024, 2 * BLOCK // len(self.centers))):
            squared[part], rows[part] = self._visit(queries[part], k, reach)
        short = squared[:, -1].isinf()  # fewer than k rows within reach
        if short.any():
            squared[short], rows[short] = self.exact(queries[short], k)
        return squared, rows

    def exact(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return what `search_blocks` returns, by comparing all rows."""
        squared, places = search_blocks(self.base, queries, k)
        return squared, self.rows[places]

    def _visit(self, queries: Tensor, k: int, reach: float) -> tuple[Tensor, Tensor]:
        best = queries.new_full((len(queries), k), torch.inf)
        place = torch.zeros(len(queries), k, dtype=torch.int64, device=queries.device)
        bounds = self._bounds(queries)
        home = bounds.argmin(1, keepdim=True)
        first = torch.zeros_like(bounds, dtype=torch.bool).scatter_(1, home, True)
        for visits in (first, (bounds <= reach) & ~first):  # its own cell leaves little to improve
            cells, visitors = visits.T.nonzero().unbind(1)
            numbers = torch.bincount(cells, minlength=len(self.centers)).tolist()
            for cell, group in enumerate(torch.split(visitors, numbers)):
                start, stop = self._ends[cell - 1] if cell else 0, self._ends[cell]
                if start == stop or not len(group):
                    continue
                center = self.centers[cell]  # subtracted, so that rounding is that of the cell
                rows = self.base[start:stop] - center
                norms = rows.square().sum(1)
                for who in torch.split(group, max(1, BLOCK // (stop - start))):
                    near = queries.index_select(0, who) - center
                    distances = torch.addmm(norms, near, rows.T, alpha=-2)
                    distances += near.square().sum(1, keepdim=True)
                    worst = best.index_select(0, who)[:, -1]
                    better = (distances.amin(1) < worst).nonzero()[:, 0]
                    who, distances = who[better], distances.index_select(0, better)
                    found = distances.topk(min(k, stop - start), largest=False, sorted=False)
                    values = torch.cat([best.index_select(0, who), found.values], 1)
                    places = torch.cat([place.index_select(0, who), found.indices + start], 1)
                    merged = values.topk(k, largest=False)
                    best.index_copy_(0, who, merged.values)
                    place.index_copy_(0, who, places.gather(1, merged.indices))
        return best, self.rows[place]

    def _bounds(self, queries: Tensor) -> Tensor:
        """Return the least distance of each query to what it can find in each cell, (n, C)."""
        weight, norms = self.centers, self.centers.square().sum(1)
        squared = torch.addmm(norms, queries, weight.T, alpha=-2)
        nearest = squared.min(1, keepdim=True)
        return (squared - nearest.values).div_(2 * self._apart[nearest.indices[:, 0]])

    def _homes(self, x: Tensor) -> Tensor:
        """Return the nearest center of each row, (n,), int64."""
        weight, norms = -2 * self.centers, self.centers.square().sum(1)
        linear = linear_for(weight)
        blocks = torch.split(x, max(1, BLOCK // len(weight)))
        return torch.cat([linear(block, weight, norms).argmin(1) for block in blocks])
