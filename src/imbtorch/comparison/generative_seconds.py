"""How long generative over-samplers train: a few of their steps are timed."""

import json
import time
import warnings
from collections.abc import Sequence

import torch
from sklearn.base import clone
from torch import Tensor

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset, labels_of
from imbtorch.resampling.apply import resample_dataset
from imbtorch.resampling.generative.base import GenerativeSampler
from imbtorch.seeding import generator_from
from imbtorch.training.phases.train import Train
from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import build, describe
from imbtorch.training.try_out import KNOWN

SHORT, LONG = 1, 4
"""Steps of the two trainings that are timed; what both do besides falls out of the difference."""
ROWS = 40
"""Samples of the largest class that these see."""
EMBEDDING = 64
"""Size that embeddings are taken to have."""


def generative_seconds(task: Task, recipes: Sequence[Recipe], seeds: int) -> float:
    """Return about how long the recipes' generative over-samplers train; 0 if there are none.

    One of the data that several recipes use trains once, for all training seeds, or once a fold;
    one of embeddings trains in each run. A step takes as long on few samples as on many, and all
    stages of a training grow with ``steps`` alike.
    """
    train = task.data.train
    if not isinstance(train, ArrayDataset):
        return 0.0
    found: dict[str, tuple[GenerativeSampler, ArrayDataset, int]] = {}
    rows = few_rows(labels_of(train))
    for number, phase in enumerate(phase for recipe in recipes for phase in recipe.phases):
        slot = getattr(phase, "resample", None)
        sampler = build(slot, KNOWN)
        if isinstance(sampler, GenerativeSampler):
            of_data = isinstance(phase, Train)
            drawn = torch.randn(len(rows), EMBEDDING, generator=generator_from(0))
            few = train.with_samples(train.x[rows] if of_data else drawn, train.y[rows])
            key = f"{'' if of_data else number} {json.dumps(describe(slot), default=str)}"
            times = 1 if of_data and task.folds == 1 else seeds
            found[key] = (sampler, few, times)
    return sum((times * _whole(sampler, few) for sampler, few, times in found.values()), start=0.0)


def few_rows(y: Tensor) -> Tensor:
    """Return some rows of each class, in about the shares that it has.

    Examples
    --------
    >>> y = torch.arange(3).repeat_interleave(torch.tensor([30, 90, 2]))
    >>> torch.bincount(y[few_rows(y)])
    tensor([13, 40,  1])
    """
    counts = torch.bincount(y)
    shown = (counts * ROWS // counts.max()).clamp_min(1)
    return torch.cat([(y == k).nonzero()[:n, 0] for k, n in enumerate(shown.tolist())])


def _whole(sampler: GenerativeSampler, few: ArrayDataset) -> float:
    _timed(sampler, few, SHORT)  # the first training also loads what later ones find
    short, long = _timed(sampler, few, SHORT), _timed(sampler, few, LONG)
    return max(0.0, long - short) / (LONG - SHORT) * sampler.steps


def _timed(sampler: GenerativeSampler, few: ArrayDataset, steps: int) -> float:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samples that are flat after so few steps
        tried = clone(sampler).set_params(steps=steps, random_state=0, verbose=False)
        resample_dataset(tried, few)
    return time.perf_counter() - start
