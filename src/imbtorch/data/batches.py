"""Mini-batches on the device, from a data set and a sampler."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.as_float import as_float
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.texts.lengths import lengths_of
from imbtorch.data.workers import Workers
from imbtorch.seeding import generator_from


@dataclass(frozen=True)
class Views:
    """Further views of each sample: how many, and their augmentation, if any."""

    number: int
    augment: Augment | None


class Batches:
    """Mini-batches of a data set as (x, y) on a device, images as float32 in 0..1.

    An `ArrayDataset` lives on the device as one tensor and is indexed there batch by batch; any
    other data set is loaded by `Workers`. Augmentation acts on the whole batch. Tokens stay
    integers, and a batch of them is as wide as its longest text; see `by_length` and
    `SimilarLengths` for samplers of little filling.

    Parameters
    ----------
    dataset : Dataset
        Yields (x, y).
    sampler : iterable of int, optional
        Indices in the order of an epoch, by default 0..N-1.
    batch_size : int
        Samples per batch, B; the last batch may be smaller.
    device : torch.device
        Where the batches go.
    augment : callable, optional
        See `imbtorch.data.augmentation.augment`.
    rng : torch.Generator, optional
        On the CPU; `augment` draws from it. By default a randomly seeded one.
    workers : Workers, optional
        Processes that load what is not in memory; by default this one does.
    views : Views, optional
        Further views of the samples, with an augmentation of their own: x is then of shape
        ((1 + V) B, ...), view after view, y of shape (B,).

    Examples
    --------
    >>> data = ArrayDataset(torch.full((5, 1, 2, 2), 255, dtype=torch.uint8), [0, 1, 0, 1, 0])
    >>> [(x.shape[0], float(x.max())) for x, y in Batches(data, batch_size=2)]
    [(2, 1.0), (2, 1.0), (1, 1.0)]
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        sampler: Iterable[int] | None = None,
        *,
        batch_size: int,
        device: torch.device | str = "cpu",
        augment: Augment | None = None,
        rng: torch.Generator | None = None,
        workers: Workers | None = None,
        views: Views | None = None,
    ) -> None:
        size = len(dataset)  # type: ignore[arg-type]
        self.sampler = range(size) if sampler is None else sampler
        self.dataset = dataset.to(device) if isinstance(dataset, ArrayDataset) else dataset
        self.lengths = lengths_of(dataset)  # on the CPU, so that no step waits for the device
        self.batch_size, self.device = batch_size, torch.device(device)
        self.augment, self.rng = augment, generator_from(rng)
        self.workers, self.views = workers or Workers(), views

    def __len__(self) -> int:
        return -(-len(self.sampler) // self.batch_size)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for x, y in self._indexed() if isinstance(self.dataset, ArrayDataset) else self._loaded():
            own = x
            if self.augment is not None:
                x = self.augment(x, self.rng)
            if self.views is not None:
                x = torch.cat([x, *self._further(own, self.views)])
            x = as_float(x)
            if x.ndim == 4:
                x = x.contiguous(memory_format=torch.channels_last)
            yield x, y

    def _further(self, x: Tensor, views: Views) -> list[Tensor]:
        augment = views.augment
        return [x if augment is None else augment(x, self.rng) for _ in range(views.number)]

    def _indexed(self) -> Iterator[tuple[Tensor, Tensor]]:
        assert isinstance(self.dataset, ArrayDataset)
        order = torch.as_tensor(list(self.sampler), dtype=torch.int64)
        parts = (torch.split(rows, self.batch_size) for rows in (order, order.to(self.device)))
        for rows, indices in zip(*parts, strict=True):
            x = self.dataset.x[indices]
            if self.lengths is not None:
                x = x[:, : max(1, int(self.lengths[rows].max()))]
            yield x, self.dataset.y[indices]

    def _loaded(self) -> Iterator[tuple[Tensor, Tensor]]:
        pinned = self.device.type == "cuda"
        for batch in self.workers.load(self.dataset, self._asked(), pinned=pinned):
            x, y = (part.to(self.device, non_blocking=True) for part in batch)
            yield x, y.long()

    def _asked(self) -> Iterator[list[int]]:
        order = iter(self.sampler)
        while indices := list(islice(order, self.batch_size)):
            yield indices
