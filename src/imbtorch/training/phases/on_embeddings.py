"""Lets the training loop, which passes logits to a loss, train on a loss of the embeddings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.checks import embeddings_of
from imbtorch.models.classifier import Classifier


class OnEmbeddings(nn.Module):
    """Apply a loss to the embeddings that a network computes on its way to the logits.

    Parameters
    ----------
    network : Classifier
        The network being trained.
    loss : callable
        (embeddings of shape (B, D), sample numbers of shape (B,)) -> scalar. The network must be
        trained on `numbered` data.
    """

    def __init__(self, network: Classifier, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self._network, self._loss = [network], loss  # in a list, to keep it out of this module
        self._live: Tensor | None = None

    @contextmanager
    def watching(self) -> Iterator["OnEmbeddings"]:
        """Catch the embeddings that are computed inside the block."""

        def catch(module: nn.Module, inputs: Any, output: object) -> None:
            self._live = embeddings_of(output)

        hook = self._network[0].features.register_forward_hook(catch)
        try:
            yield self
        finally:
            hook.remove()
            self._live = None

    def forward(self, logits: Tensor, number: Tensor) -> Tensor:
        """Return the loss of the samples with these numbers."""
        assert self._live is not None
        live, self._live = self._live.float(), None
        loss = self._loss(live, number)
        several = torch.distributed.is_available() and torch.distributed.is_initialized()
        return loss + 0.0 * logits.sum() if several else loss  # DDP needs every parameter used


class _Numbered(Dataset[tuple[Any, int]]):
    def __init__(self, dataset: Dataset[Any]) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.dataset[index][0], index


def numbered(dataset: Dataset[Any]) -> Dataset[Any]:
    """Return a data set whose labels are replaced by the sample numbers 0..N-1."""
    if isinstance(dataset, ArrayDataset):
        return ArrayDataset(dataset.x, torch.arange(len(dataset)), tokens=dataset.tokens)
    return _Numbered(dataset)
