"""RefitHead: the phase that trains a new head on embeddings."""

from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset, DistributedSampler

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.batches import Batches
from imbtorch.errors import InputError
from imbtorch.models.classifier import head_size
from imbtorch.models.inference import embed
from imbtorch.resampling.slot import resample_dataset
from imbtorch.seeding import derive_seed, scoped_seed
from imbtorch.training.loop import train_epoch
from imbtorch.training.recipe import Phase
from imbtorch.training.run import Run
from imbtorch.training.setup import HEAD_SETUP, Setup
from imbtorch.training.slots import build


class RefitHead(Phase):
    """Train a fresh head on the embeddings of the training set; the features stay.

    Parameters
    ----------
    epochs : int, default=10
        Epochs over the (resampled) embeddings.
    resample : class or object with ``fit_resample``, optional
        Applied to the embeddings first, as `EOS`.
    setup : Setup, optional
        By default SGD .1 with 5 epochs of linear warm-up, momentum .9, weight decay 2e-4.

    References
    ----------
    EOS (Dablain et al.), section III-C: phases two and three of the framework.

    Examples
    --------
    >>> from functools import partial
    >>> from imbtorch import EOS
    >>> RefitHead(resample=partial(EOS, n_neighbors=50)).describe()["resample"]["n_neighbors"]
    50
    """

    def __init__(
        self, epochs: int = 10, *, resample: Any = None, setup: Setup = HEAD_SETUP
    ) -> None:
        if epochs < 1:
            raise InputError(f"epochs is {epochs}; it must be at least 1")
        self.epochs, self.resample, self.setup = epochs, resample, setup

    def run(self, run: Run) -> None:
        """Embed, resample, train the head, put it on the network."""
        with run.timed():
            data: Dataset[Any] = ArrayDataset(*embed(run.model, run.train))
            if self.resample is not None:
                data = resample_dataset(build(self.resample, run.known("refit")), data)
            size, num_classes = head_size(run.model.head)
            with scoped_seed(derive_seed(run.seed, "head")):
                head = nn.Linear(size, num_classes).to(run.fabric.device)
            run.change_head(head)
            # every process trains the same head on the same embeddings: nothing to exchange
            model, optimizer = _Alone(head), self.setup.optimizer(head.parameters())
            sampler: DistributedSampler[Any] = DistributedSampler(
                data, 1, 0, seed=derive_seed(run.seed, "refit")
            )
            batches = Batches(
                data, sampler, batch_size=self.setup.batch_size, device=run.fabric.device
            )
            loss = nn.CrossEntropyLoss()
        for epoch in range(self.epochs):
            with run.timed():
                sampler.set_epoch(epoch)
                rate = self.setup.schedule(epoch, len(batches), self.epochs)
                mean = train_epoch(run.fabric, model, optimizer, batches, loss, rate)
            run.record("head", mean, rate(0), last=epoch + 1 == self.epochs)


class _Alone(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.module(x)
        return out
