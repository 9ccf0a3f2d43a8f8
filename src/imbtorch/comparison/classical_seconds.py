"""How long a classifier in place of a network takes: two small fits are timed."""

import time
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of
from imbtorch.training.phases.on_inputs import OnInputs
from imbtorch.training.recipe import Recipe

SIZES = (500, 2_000)
"""Samples of the fits that are timed."""


def classical_seconds(task: Task, recipe: Recipe) -> float:
    """Return about how long a recipe's classifiers of rows of numbers take; 0 if it has none.

    Each is fitted on a few samples with two labels in turn, which are as hard to tell apart as can
    be. The time grows with the samples from there, and with the number of classes above two.
    """
    phases = [phase for phase in recipe.phases if isinstance(phase, OnInputs)]
    if not phases:
        return 0.0
    number, k = len(labels_of(task.data.train)), len(task.data.classes)
    x = _some(task.data.train, min(number, SIZES[1]))
    return sum(_whole(phase, x, number) for phase in phases) * (k if k > 2 else 1)


def _whole(phase: OnInputs, x: Tensor, number: int) -> float:
    few = x[: SIZES[0]]
    _timed(phase, few)  # the first fit also loads what later ones find
    short, long = _timed(phase, few), _timed(phase, x)
    if len(few) == len(x):
        return long
    return long + max(0.0, long - short) / (len(x) - len(few)) * (number - len(x))


def _timed(phase: OnInputs, x: Tensor) -> float:
    start = time.perf_counter()
    phase.fitted(x, torch.arange(len(x)) % 2, 0)
    return time.perf_counter() - start


def _some(split: Dataset[Any], number: int) -> Tensor:
    """Return inputs of a split, spread over it."""
    places = torch.linspace(0, len(labels_of(split)) - 1, number).long().tolist()
    return torch.stack([split[i][0] for i in places]).float()
