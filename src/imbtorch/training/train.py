"""Train: the phase that trains the whole network."""

from typing import Any

import torch
from torch import nn
from torch.utils.data import DistributedSampler

from imbtorch.data.batches import Batches
from imbtorch.errors import InputError
from imbtorch.resampling.slot import resample_dataset
from imbtorch.seeding import derive_seed
from imbtorch.training.loop import train_epoch
from imbtorch.training.recipe import Phase
from imbtorch.training.run import Run
from imbtorch.training.slots import build

COMPILE_FROM = 500
"""Batches of images from which compiling a frozen network earns its start-up, half a minute."""


class Train(Phase):
    """Train the whole network for some epochs.

    Each slot takes a class, a ``functools.partial`` of one or a finished object; a class is
    made when the run starts, with the class counts and whatever else it asks for by name.

    Parameters
    ----------
    epochs : int
        Epochs, at least 0.
    loss : class or nn.Module, default=nn.CrossEntropyLoss
        (logits, labels) -> scalar.
    weights : callable, optional
        Class counts -> class weights for the loss, as `inverse_frequency_weights`.
    sampler : class or sampler, optional
        As `ClassBalancedSampler`; by default every sample once, shuffled.
    batch : class or callable, optional
        (x, y, model) -> (x, y), as `M2m`.
    resample : class or object with ``fit_resample``, optional
        Applied to the training arrays before the phase, as imbalanced-learn's
        ``RandomOverSampler``.

    Examples
    --------
    >>> from imbtorch import ClassBalancedSampler
    >>> Train(40, sampler=ClassBalancedSampler).describe()["sampler"]["name"]
    'ClassBalancedSampler'
    """

    trains_network = True

    def __init__(
        self,
        epochs: int,
        *,
        loss: Any = nn.CrossEntropyLoss,
        weights: Any = None,
        sampler: Any = None,
        batch: Any = None,
        resample: Any = None,
    ) -> None:
        if epochs < 0:
            raise InputError(f"epochs is {epochs}; it must be at least 0")
        self.epochs, self.loss, self.weights = epochs, loss, weights
        self.sampler, self.batch, self.resample = sampler, batch, resample

    def run(self, run: Run) -> None:
        """Train for `epochs` epochs."""
        if not self.epochs:
            return
        first, setup = run.epoch, run.setup
        with run.timed():
            known = run.known(f"phase {first}")
            train = run.train
            if self.resample is not None:
                train = resample_dataset(build(self.resample, known), train)
            weight = build(self.weights, known)
            loss = build(self.loss, {**known, "weight": lambda: weight}).to(run.fabric.device)
            sampler = build(self.sampler, known) or DistributedSampler(
                train, run.fabric.world_size, run.fabric.global_rank, seed=run.seed
            )
            model, optimizer = run.optimized()
            rng = torch.Generator()
            batches = Batches(
                train,
                sampler,
                batch_size=-(-setup.batch_size // run.fabric.world_size),
                device=run.fabric.device,
                augment=run.augment,
                rng=rng,
            )
            # each process draws for its own share of the batch
            known = run.known(f"batch {first}, {run.fabric.global_rank}")
            earned = self.epochs * len(batches) >= COMPILE_FROM and train[0][0].ndim > 1
            transform = build(self.batch, {**known, "compile": lambda: earned})
        for epoch in range(first, first + self.epochs):
            with run.timed():
                sampler.set_epoch(epoch)
                rng.manual_seed(derive_seed(run.seed, "augment", epoch, run.fabric.global_rank))
                rate = setup.schedule(epoch, len(batches), run.total_epochs)
                mean = train_epoch(run.fabric, model, optimizer, batches, loss, rate, transform)
            run.epoch += 1
            statistics = getattr(transform, "statistics", None)
            more = {"batch": statistics.flush()} if statistics is not None else None
            if statistics is not None:
                run.examples = statistics.examples
            run.record("train", mean, rate(0), last=run.epoch == run.total_epochs, more=more)
