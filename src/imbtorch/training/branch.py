"""A branch of the network: a loss of the embeddings that is learned beside that of the logits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.batches import Views
from imbtorch.data.checks import embeddings_of
from imbtorch.errors import InputError
from imbtorch.places import Backward, BatchTransform, Branch, Loss, Step
from imbtorch.training.recipe import Recipe
from imbtorch.training.run import Run
from imbtorch.training.slots import build, describe, name_of


def branch_slot(recipe: Recipe) -> object:
    """Return what fills the slot ``branch`` of a recipe's phases, or None.

    Raises
    ------
    InputError
        If two phases that train the network have different ones, or one of them has none.
    """
    trained = [phase for phase in recipe.phases if phase.trains_network and phase.epochs]
    slots = [getattr(phase, "branch", None) for phase in trained] or [None]
    for slot in slots:
        if describe(slot) != describe(slots[0]):
            names = ["none" if s is None else name_of(s) for s in (slots[0], slot)]
            raise InputError(
                f"recipe {recipe.name} has the branches {' and '.join(names)}, or options of one "
                "differ; all phases that train the network need the same one"
            )
    return slots[0]


def add_branch(run: Run, recipe: Recipe) -> None:
    """Give a run the branch of its recipe, if it has one.

    Raises
    ------
    InputError
        If there are several processes.
    """
    slot = branch_slot(recipe)
    if slot is None:
        return
    if run.fabric.world_size > 1:
        raise InputError(
            f"recipe {recipe.name} has a branch, which needs a single process; there are "
            f"{run.fabric.world_size}"
        )
    branch = build(slot, run.known("branch"))
    run.branch = branch.to(run.fabric.device)


def check_labels(branch: Branch, transform: BatchTransform, y: Tensor) -> None:
    """Raise an InputError if a branch takes the classified views, and their labels are mixed."""
    if not branch.views and y.is_floating_point():
        raise InputError(
            f"views is 0, so that {type(branch).__name__} is computed on samples whose labels "
            f"{type(transform).__name__} mixes; use views=1 or views=2"
        )


def check_step(branch: Branch, step: Step) -> None:
    """Raise an InputError if a step takes shares of a loss, which a branch does not divide."""
    if getattr(step, "takes_shares", False):
        raise _no_shares(branch, step)


@contextmanager
def branched(
    run: Run,
    loss: Loss,
    make_transform: Callable[[int], BatchTransform | None],
    step: Step | None = None,
) -> Iterator[dict[str, Any]]:
    """Let `train_network` train the run's branch as well, inside the block.

    Parameters
    ----------
    run : Run
        With a branch.
    loss : callable
        (logits, labels) -> scalar: the loss of the classified views.
    make_transform : callable
        See `train_network`; the transform acts on the classified views.
    step : callable, optional
        See `train_network`.

    Yields
    ------
    dict
        Arguments of `train_network`: loss, make_transform, step, views and measured.

    Raises
    ------
    InputError
        If nothing below the head is trained.
    """
    branch, features = run.branch, run.model.features
    assert branch is not None
    if not any(p.requires_grad for p in features.parameters()):
        raise InputError(
            f"{type(branch).__name__} trains the network below its head, and none of it is "
            "trained: leave it out, or freeze less"
        )
    beside = _Beside(branch, loss)

    def wrapped(batches: int) -> BatchTransform:
        beside.inner = make_transform(batches)
        return beside

    def done() -> dict[str, Any]:
        branch.epoch_done()
        return {}

    run.optimized()  # the average of the weights is a copy of the network, and has no use for hooks
    hook = features.register_forward_hook(beside.catch)
    try:
        yield {
            "loss": beside.loss,
            "make_transform": wrapped,
            "step": None if step is None else _StepOfBoth(step, branch),
            "views": Views(branch.views, augment_by_name(branch.view_augment)),
            "measured": done,
        }
    finally:
        hook.remove()


class _Beside:
    """Stands in for the loss and the transform: a batch has its further views behind it."""

    def __init__(self, branch: Branch, loss: Loss) -> None:
        self.branch, self.logits_loss = branch, loss
        self.inner: BatchTransform | None = None
        self.labels = self.live = torch.empty(0)

    @property
    def rng(self) -> torch.Generator | None:
        return getattr(self.inner, "rng", None)

    @property
    def statistics(self) -> Any:
        return getattr(self.inner, "statistics", None)

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the batch and its labels with the transform done to the classified views."""
        self.labels = y
        if self.inner is None:
            return x, y
        first, y = self.inner(x[: len(y)], y, model)
        if self.branch.views:
            return torch.cat([first, x[len(self.labels) :]]), y
        check_labels(self.branch, self.inner, y)
        self.labels = y
        return first, y

    def catch(self, module: nn.Module, inputs: Any, output: object) -> None:
        """Keep the embeddings on the way to the logits."""
        self.live = embeddings_of(output)

    def loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of the classified views' logits, and the branch's beside it."""
        embeddings = self.live[len(y) :] if self.branch.views else self.live
        self.live = torch.empty(0)  # it holds the graph of the whole network
        beside = self.branch(embeddings, self.labels)
        return self.logits_loss(logits[: len(y)], y) + self.branch.weight * beside


class _StepOfBoth:
    """A step of the network and its branch, which together are all that is trained."""

    def __init__(self, step: Step, branch: Any) -> None:
        self.step, self.branch = step, branch

    def __call__(self, backward: Backward, model: nn.Module, y: Tensor) -> Tensor:
        def whole(share: Tensor | None = None) -> Tensor:
            if share is not None:
                raise _no_shares(self.branch, self.step)
            value = backward()
            self.branch.again = True
            return value

        try:
            return self.step(whole, nn.ModuleList([model, self.branch]), y)
        finally:
            self.branch.again = False


def _no_shares(branch: Branch, step: Step) -> InputError:
    return InputError(
        f"{type(step).__name__} takes shares of the gradients of samples, and "
        f"{type(branch).__name__} has none of its loss: use SAM, or leave one out"
    )
