"""Batches of texts of similar length, of which little is filling."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.texts.tokens import PAD

WINDOW = 50
"""Batches whose texts are sorted by length together in training."""


def lengths_of(dataset: Dataset[Any]) -> Tensor | None:
    """Return how many tokens each text has, on the CPU: int64 (N,); None if these are no texts."""
    if isinstance(dataset, ArrayDataset) and dataset.tokens:
        return (dataset.x != PAD).sum(1).cpu()
    return None


def by_length(lengths: Tensor) -> Tensor:
    """Return the order of texts by length, the longest first: what is too long fails at once.

    Examples
    --------
    >>> by_length(torch.tensor([2, 3, 2])).tolist()
    [1, 0, 2]
    """
    return lengths.argsort(descending=True, stable=True)


class SimilarLengths:
    """The samples of a sampler, reordered so that those of a batch are of similar length.

    Each `WINDOW` batches, as the sampler would draw them, are sorted by length and divided again;
    the batches of a window come in random order. So each sample comes as often as the sampler
    draws it, and not far from its place.

    Parameters
    ----------
    sampler : iterable of int with a length
        Indices in the order of an epoch.
    lengths : Tensor of shape (N,)
        Length of each sample.
    batch_size : int
        Samples per batch; a smaller last batch stays as it is.
    rng : torch.Generator
        On the CPU; the order of the batches is drawn from it.

    Examples
    --------
    >>> lengths, rng = torch.tensor([9, 2, 7, 1]), torch.Generator().manual_seed(0)
    >>> [*SimilarLengths(range(4), lengths, 2, rng)]
    [3, 1, 2, 0]
    """

    def __init__(
        self, sampler: Any, lengths: Tensor, batch_size: int, rng: torch.Generator
    ) -> None:
        self.sampler, self.lengths, self.batch_size, self.rng = sampler, lengths, batch_size, rng

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[int]:
        order = torch.as_tensor(list(self.sampler), dtype=torch.int64)
        whole = len(order) // self.batch_size * self.batch_size
        for window in torch.split(order[:whole], WINDOW * self.batch_size):
            window = window[self.lengths[window].argsort(stable=True)]
            batches = window.view(-1, self.batch_size)
            shuffled = batches[torch.randperm(len(batches), generator=self.rng)]
            yield from shuffled.flatten().tolist()
        yield from order[whole:].tolist()


def grouped(
    sampler: Any, dataset: Dataset[Any], batch_size: int, rng: torch.Generator
) -> Iterable[int]:
    """Return the sampler, for tokens with samples of `SimilarLengths` in its batches."""
    lengths = lengths_of(dataset)
    return sampler if lengths is None else SimilarLengths(sampler, lengths, batch_size, rng)
