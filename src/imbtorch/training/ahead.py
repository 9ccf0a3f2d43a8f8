"""What is wrong with any phase of a recipe is found before the first one is trained."""

from copy import deepcopy
from functools import partial

from torch import nn
from torch.nn.modules.loss import _WeightedLoss

from imbtorch.errors import InputError
from imbtorch.losses.class_loss import ClassLoss
from imbtorch.seeding import same_random_state
from imbtorch.training.recipe import Recipe
from imbtorch.training.run import Run
from imbtorch.training.slots import build, name_of
from imbtorch.training.try_out import check_resampling


@same_random_state()
def check_phases(run: Run, recipe: Recipe) -> None:
    """Raise the InputError of a phase that does not depend on what is trained before it.

    Parameters
    ----------
    run : Run
        At its beginning.
    recipe : Recipe
        Each of its slots is filled once, with what the run knows; a copy of the network stands in
        for the pretrained one.

    Raises
    ------
    InputError
        If a phase needs a linear head and the network's is another, a slot cannot be filled, an
        over-sampler has too few samples, or the weights of a loss are of other classes.
    """
    _check_head(run.model.head, recipe)
    check_resampling(recipe, run.labels.tolist())
    known = {
        **run.known("ahead"),
        "pretrained": lambda: deepcopy(run.model),
        "compile": lambda: False,
        "once": lambda: None,
        "num_samples": lambda: len(run.labels),
    }
    for slots in (vars(phase) for phase in recipe.phases if phase.epochs):
        weight = partial(build, slots.get("weights"), known)
        loss = build(slots.get("loss"), {**known, "weight": weight})
        _check_classes(loss, len(run.counts))
        for name in ("sampler", "batch", "step", "resample"):
            build(slots.get(name), known)


def _check_head(head: nn.Module, recipe: Recipe) -> None:
    for phase in recipe.phases:
        if phase.needs_linear_head and not isinstance(head, nn.Linear):
            raise InputError(
                f"recipe {recipe.name}: {type(phase).__name__} takes the weights of a linear head, "
                f"and the network has a {type(head).__name__}: leave the phase or that head out"
            )
        if not phase.trains_network and not phase.needs_linear_head:
            return  # the head is another from here on


def _check_classes(loss: object, classes: int) -> None:
    for values in loss.buffers() if isinstance(loss, (ClassLoss, _WeightedLoss)) else ():
        if values.ndim == 1 and len(values) != classes:
            raise InputError(
                f"{name_of(loss)} is for {len(values)} classes; the training set has {classes}"
            )
