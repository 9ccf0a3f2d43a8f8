"""Train: the phase that trains the whole network."""

import inspect
from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn
from torch.utils.data import DistributedSampler

from imbtorch.data.arrays import ArrayDataset, first_input, labels_of
from imbtorch.errors import InputError
from imbtorch.losses.cross_entropy import averaged_by_weight
from imbtorch.option_types import check_whole
from imbtorch.places import (
    BatchTransform,
    Branch,
    EpochSampler,
    Loss,
    OverSampler,
    Slot,
    Step,
    preset,
)
from imbtorch.resampling.apply import resample_dataset
from imbtorch.resampling.mixed import over_sampler_for
from imbtorch.training.branch import branched
from imbtorch.training.made_samples import some_made
from imbtorch.training.phases.network_epochs import train_network
from imbtorch.training.phases.phase import Phase, as_shares, of_samples, shown_counts
from imbtorch.training.phases.prior import prior_taken_out, warn_of_twice
from imbtorch.training.run import Run
from imbtorch.training.scale import on_scale
from imbtorch.training.slots import Known, asks_for, build, name_of

COMPILE_FROM = 500
"""Number of image batches from which compiling a frozen network repays its half-minute start."""


class Train(Phase):
    """Train the whole network for a number of epochs.

    Each slot takes a class, a ``functools.partial`` of one or a finished object; a class is
    instantiated when the run starts, with the class counts and whatever else it requests by name.
    A finished object keeps its state from one `fit` to the next: give a class or a partial where
    runs repeat. A comparison of several runs copies it for each.

    Parameters
    ----------
    epochs : int
        Epochs, at least 0.
    loss : class or nn.Module, default=nn.CrossEntropyLoss
        (logits, labels) -> scalar.
    weights : callable, optional
        Class counts -> class weights, for instance `inverse_frequency_weights`, for a loss that is
        a class with an argument ``weight``.
    sampler : class or sampler, optional
        For instance `ClassBalancedSampler`; by default every sample once per epoch, shuffled.
    batch : class or callable, optional
        (x, y, model) -> (x, y), for instance `M2m`.
    resample : class or object with ``fit_resample``, optional
        Applied to the training arrays before the phase, for instance imbalanced-learn's
        ``RandomOverSampler``. The sampler and the labels that a slot asks for are then of what
        comes of it; the class counts of the other slots are those of the training set.
    branch : class or module, optional
        A loss of the embeddings, learned beside that of the logits, for instance `ProCo`. All
        phases of a recipe that train the network need the same one, and share it.
    step : class or callable, optional
        How a step finds its gradients, for instance `SAM`; by default in one pass.

    Raises
    ------
    InputError
        If `epochs` is no whole number, or there are `weights` and the loss cannot take them.

    Warns
    -----
    UserWarning
        If the loss makes up for the class shares, as `BalancedSoftmaxLoss` does, and `weights`,
        `sampler` or `resample` does too.

    Examples
    --------
    >>> from imbtorch.samplers import ClassBalancedSampler
    >>> Train(40, sampler=ClassBalancedSampler).describe()["sampler"]["name"]
    'ClassBalancedSampler'
    """

    trains_network = True

    def __init__(
        self,
        epochs: int,
        *,
        loss: Slot[Loss] = nn.CrossEntropyLoss,
        weights: Slot[Tensor] = None,
        sampler: Slot[EpochSampler] = None,
        batch: Slot[BatchTransform] = None,
        resample: Slot[OverSampler] = None,
        branch: Slot[Branch] = None,
        step: Slot[Step] = None,
    ) -> None:
        self.epochs, self.loss, self.weights = check_whole("epochs", epochs, 0), loss, weights
        self.sampler, self.batch, self.resample, self.step = sampler, batch, resample, step
        self.branch = branch
        if weights is not None and not asks_for(loss, "weight"):
            raise InputError(
                f"weights is given, and {name_of(loss)} of loss cannot take it: give a class with "
                "an argument 'weight' that is not set, or leave weights out"
            )
        warn_of_twice(loss, self._balanced())

    def _balanced(self) -> str:
        """Return what shows the classes more equally than they are, in words."""
        slots: dict[str, object] = {
            "class weights": self.weights,
            "over-sampling": self.resample,
            "a sampler": self.sampler,
        }
        return " and ".join(name for name, slot in slots.items() if slot is not None)

    @property
    def makes_up(self) -> str:
        """Class weights, over-sampling and a sampler, or else the loss."""
        return self._balanced() or (name_of(self.loss) if prior_taken_out(self.loss) else "")

    def class_shares(self, counts: Sequence[int]) -> list[float] | None:
        """Return the class shares in its batches, times the class weights."""
        if not self.epochs:
            return None
        shown = shown_counts(counts, self.sampler, self.resample)
        shown = _mixed(self.batch, shown, counts)
        taken_out = prior_taken_out(self.loss)
        shown = [share / n**taken_out for share, n in zip(shown, counts, strict=True)]
        if self.weights is not None:
            weights = build(self.weights, {"class_counts": lambda: counts})
            shown = [share * float(w) for share, w in zip(shown, weights, strict=True)]
        return as_shares(shown)

    def run(self, run: Run) -> None:
        """Train for `epochs` epochs."""
        if not self.epochs:
            return
        first, fabric = run.phase_first, run.fabric
        with run.timed():
            known = run.known(f"phase {first}")
            train, labels = run.train, known["labels"]
            if self.resample is not None:
                train = self._resampled(run, {**known, "once": lambda: run.pretrained.once})
                known = {**known, "labels": (labels := partial(labels_of, train))}
            weight = build(self.weights, known)
            loss = averaged_by_weight(build(self.loss, {**known, "weight": lambda: weight}))
            if isinstance(loss, nn.Module):
                loss.to(fabric.device)
            loss = on_scale(run, loss)
            sampler = build(self.sampler, of_samples(known, train)) or DistributedSampler(
                train, fabric.world_size, fabric.global_rank, seed=run.seed
            )
            step: Step | None = build(self.step, known)

        def make_transform(batches: int) -> BatchTransform | None:
            # each process draws for its own share of the batch
            known = {**run.known(f"batch {first}, {fabric.global_rank}"), "labels": labels}
            earned = self.epochs * batches >= COMPILE_FROM and first_input(train).ndim > 1
            transform: BatchTransform | None = build(
                self.batch, {**known, "compile": lambda: earned}
            )
            return transform

        if self.branch is None:
            train_network(
                run, self.epochs, train, sampler, loss, make_transform=make_transform, step=step
            )
            return
        with branched(run, loss, make_transform, step) as beside:
            train_network(run, self.epochs, train, sampler, **beside)

    def _resampled(self, run: Run, known: Known) -> ArrayDataset:
        """Return the training set resampled; what is trained for it is shared with other runs."""
        sampler = over_sampler_for(run.train, build(self.resample, known))
        made = resample_dataset(sampler, run.train)
        assert isinstance(run.train, ArrayDataset)
        run.examples = {**run.examples, **some_made(run.train, made, run.seed)}
        if hasattr(sampler, "seconds_"):
            run.shared_seconds[type(sampler).__name__] = sampler.seconds_
        return made


def _mixed(batch: object, shares: list[float], counts: Sequence[int]) -> list[float]:
    """Return class shares as a transform changes them, if it mixes in other samples."""
    target = batch.func if isinstance(batch, partial) else batch
    change = getattr(target, "label_shares", None)
    if change is None:
        return shares
    options = preset(batch) if isinstance(batch, partial) else vars(batch)
    names = inspect.signature(change).parameters.keys() & options.keys()
    made: list[float] = change(shares, counts, **{name: options[name] for name in names})
    return made
