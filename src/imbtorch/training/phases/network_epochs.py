"""The epochs over batches that all phases training the whole network share."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch.utils.data import Dataset

from imbtorch.data.batches import Batches, Views
from imbtorch.data.texts.lengths import grouped
from imbtorch.places import BatchTransform, EpochSampler, Loss, Step
from imbtorch.seeding import derive_seed, scoped_seed
from imbtorch.training.loop import train_epoch
from imbtorch.training.run import Run


def train_network(
    run: Run,
    epochs: int,
    train: Dataset[Any],
    sampler: EpochSampler,
    loss: Loss,
    *,
    make_transform: Callable[[int], BatchTransform | None] = lambda batches: None,
    step: Step | None = None,
    rng: torch.Generator | None = None,
    measured: Callable[[], dict[str, Any]] = dict,
    views: Views | None = None,
) -> None:
    """Train the network for a phase, or for the rest of an interrupted one.

    Parameters
    ----------
    run : Run
        At the beginning of the phase, or at a snapshot within it.
    epochs : int
        Epochs of the phase.
    train : Dataset
        Data set of the batches.
    sampler : sampler with ``set_epoch``
        Order of the samples.
    loss : callable
        See `train_epoch`.
    make_transform : callable, optional
        Number of batches per epoch -> transform, see `train_epoch`.
    step : callable, optional
        See `train_epoch`.
    rng : torch.Generator, optional
        Generator that the loss draws from; a transform's own is its attribute ``rng``. Its state
        is part of a snapshot.
    measured : callable, optional
        Returns further entries for an epoch's row in the history.
    views : Views, optional
        Further views that stand behind each batch.
    """
    rank, first = run.fabric.global_rank, run.phase_first
    several = run.fabric.world_size > 1
    augment_rng = torch.Generator()
    with run.timed():
        model, optimizer = run.optimized()
        batch_size = -(-run.setup.batch_size // run.fabric.world_size)
        batches = Batches(
            train,
            grouped(sampler, train, batch_size, augment_rng),
            batch_size=batch_size,
            device=run.fabric.device,
            augment=run.augment,
            rng=augment_rng,
            workers=run.workers,
            views=views,
        )
        transform = make_transform(len(batches))
        rng = rng or getattr(transform, "rng", None)
        if rng is not None and "rng" in run.state:
            rng.set_state(run.state["rng"])
    for epoch in range(run.epoch, first + epochs):
        # what dropout and a data set draw differs between processes, and only within an epoch
        own = scoped_seed(derive_seed(run.seed, "fit", epoch, rank)) if several else nullcontext()
        with run.timed(), own:
            if hasattr(sampler, "set_epoch"):  # torch's own, but the distributed one, have none
                sampler.set_epoch(epoch)
            augment_rng.manual_seed(derive_seed(run.seed, "augment", epoch, rank))
            rate = run.setup.rates(epoch, len(batches), run.total_epochs)
            clip = run.setup.clip
            mean = train_epoch(
                run.fabric, model, optimizer, batches, loss, rate, transform, clip, step
            )
            _share_statistics(run)
        run.epoch += 1
        more = measured()
        statistics = getattr(transform, "statistics", None)
        if statistics is not None:
            more["batch"] = statistics.flush()
            run.examples = {**run.examples, **statistics.examples}
        run.record("train", mean, rate(0), last=run.epoch == run.total_epochs, more=more)
        if rng is not None:
            run.state["rng"] = rng.get_state()
        if run.keep is not None:
            run.keep(run.epoch - first, run.epoch == first + epochs)


def _share_statistics(run: Run) -> None:
    """Give every process the first one's batch statistics: each has seen a different share."""
    if run.fabric.world_size > 1:
        averaged = [] if run.average is None else [*run.average.module.buffers()]
        for buffer in (*run.model.buffers(), *averaged):
            torch.distributed.broadcast(buffer, 0)
