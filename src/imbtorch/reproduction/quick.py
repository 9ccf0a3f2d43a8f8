"""The quick scale: a few samples of each class, to check that a table runs."""

from copy import copy
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.load import Part
from imbtorch.training.phases.phase import Phase
from imbtorch.training.recipe import Recipe

EPOCHS = 2
STEPS = 2
"""Training steps of an over-sampler."""


def few_of_each(task: Task) -> Task:
    """Return the task with only a few training and test samples of each class."""
    train, test = (take(d, few_rows(labels_of(d))) for d in (task.data.train, task.data.test))
    return replace(task, data=task.data.part(Part.FEW, train, test))


def few_steps(recipe: Recipe) -> Recipe:
    """Return the recipe with over-samplers that train networks doing so for `STEPS` steps."""
    phases: list[Phase] = []
    for phase in recipe.phases:
        slot = getattr(phase, "resample", None)
        if callable(slot) and getattr(getattr(slot, "func", slot), "takes_images", False):
            phase = copy(phase)
            phase.resample = partial(slot, steps=STEPS)  # type: ignore[attr-defined]
        phases.append(phase)
    return replace(recipe, phases=phases)


def few_rows(y: Tensor, per_class: int = 45, least: int = 32) -> Tensor:
    """Return the first rows of each class: `per_class` of the largest, one fewer of each smaller.

    Never fewer than `least` if the class has that many, so that there is something to balance.

    Examples
    --------
    >>> y = torch.tensor([0] * 50 + [1] * 60 + [2] * 3)
    >>> torch.bincount(y[few_rows(y)]).tolist()
    [44, 45, 3]
    """
    counts = torch.bincount(y)
    rank = counts.argsort(descending=True, stable=True).argsort()
    most = (per_class - rank).clamp_min(least).tolist()
    return torch.cat([(y == k).nonzero().flatten()[:n] for k, n in enumerate(most)])
