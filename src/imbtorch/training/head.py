"""Train only the head of a network, on embeddings in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DistributedSampler

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.batches import Batches
from imbtorch.errors import InputError
from imbtorch.places import EpochSampler
from imbtorch.seeding import derive_seed
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.setup import Setup

LARGEST_NORM = 8.0
"""Root mean square norm of embeddings up to which the papers' learning rate of 0.1 is stable; the
ResNet-32 that this rate was chosen for has 7."""


def head_epochs(
    head: nn.Module,
    data: ArrayDataset,
    epochs: int,
    *,
    setup: Setup,
    seed: int,
    fabric: Fabric,
    sampler: EpochSampler | None = None,
    trained: bool = False,
) -> Iterator[tuple[float, float]]:
    """Train a head by cross-entropy, one epoch per item of the iterator.

    Parameters
    ----------
    head : nn.Module
        (B, D) -> logits (B, K), on Fabric's device; trained in place.
    data : ArrayDataset
        Embeddings of shape (N, D), float, and labels 0..K-1.
    epochs : int
        Number of epochs.
    setup : Setup
        Optimizer and schedule.
    seed : int
        Determines the order of the samples.
    fabric : Fabric
        Device and precision. Every process trains the same head, so nothing is exchanged.
    sampler : sampler with ``set_epoch``, optional
        By default every sample once per epoch, shuffled.
    trained : bool, default=False
        Whether the head already fits these embeddings, rather than being new.

    Yields
    ------
    loss : float
        Mean over the samples of the epoch.
    lr : float
        Learning rate at its first step.

    Notes
    -----
    Embeddings whose root mean square norm exceeds 8 are divided by one number during training, so
    that the norm becomes 8; the head's weights absorb that number, so the trained head takes the
    embeddings unscaled. Differs from the papers, which use only ResNets: with a small CNN's norm
    of 20, SGD with a learning rate of 0.1 does not settle.

    Examples
    --------
    >>> from imbtorch.training.setup import HEAD_SETUP
    >>> data = ArrayDataset(torch.tensor([[-1.0], [1.0]]), [0, 1])
    >>> head, fabric = nn.Linear(1, 2), Fabric(accelerator="cpu", devices=1)
    >>> losses = [a for a, _ in head_epochs(head, data, 9, setup=HEAD_SETUP, seed=0, fabric=fabric)]
    >>> losses[-1] < losses[0]
    True
    """
    check_not_averaged(setup)
    model: nn.Module = _Alone(head)
    optimizer: Any = fabric.setup_optimizers(make_optimizer(setup, head))  # unscales gradients
    sampler = sampler or DistributedSampler(data, 1, 0, seed=derive_seed(seed, "refit"))
    scale = max(1.0, float(data.x.float().square().sum(1).mean().sqrt()) / LARGEST_NORM)
    scaled = ArrayDataset(data.x / scale, data.y) if scale > 1 else data
    batches = Batches(scaled, sampler, batch_size=setup.batch_size, device=fabric.device)
    loss = nn.CrossEntropyLoss(label_smoothing=setup.label_smoothing)
    if not trained:  # a new head is initialized for the scaled embeddings
        _multiply(head.weight, 1 / scale)
    for epoch in range(epochs):
        if hasattr(sampler, "set_epoch"):  # torch's own, but the distributed one, have none
            sampler.set_epoch(epoch)
        rate = setup.rates(epoch, len(batches), epochs)
        _multiply(head.weight, scale)
        with single_thread():
            mean = train_epoch(fabric, model, optimizer, batches, loss, rate, clip=setup.clip)
        _multiply(head.weight, 1 / scale)
        yield mean, rate(0)


def check_not_averaged(setup: Setup) -> None:
    """Raise an InputError if a set-up averages weights, which the training of a head does not."""
    if setup.ema:
        raise InputError(f"setup has ema {setup.ema}; a head on embeddings is not averaged: use 0")


@contextmanager
def single_thread() -> Iterator[None]:
    """Run the block on one thread: a step is too small to be worth sharing."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@torch.no_grad()
def _multiply(weight: Any, factor: float) -> None:
    if factor != 1:
        weight.mul_(factor)


class _Alone(nn.Module):
    """Wraps the head as ``fabric.setup`` would, because the training loop expects that."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.module(x)
        return out
