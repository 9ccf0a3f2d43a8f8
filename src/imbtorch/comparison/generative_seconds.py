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
from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import build, describe
from imbtorch.training.try_out import KNOWN

SHORT, LONG = 1, 4
"""Steps of the two trainings that are timed; what both do besides falls out of the difference."""
ROWS = 40
"""Samples of the largest class that these see; of other classes half as many."""


def generative_seconds(task: Task, recipes: Sequence[Recipe]) -> float:
    """Return about how long the recipes' generative over-samplers train; 0 if there are none.

    One that several recipes use trains once, for all training seeds. A step takes as long on few
    samples as on many, and all stages of a training grow with ``steps`` alike.
    """
    slots = [getattr(phase, "resample", None) for recipe in recipes for phase in recipe.phases]
    found = {json.dumps(describe(slot), default=str): build(slot, KNOWN) for slot in slots}
    samplers = [one for one in found.values() if isinstance(one, GenerativeSampler)]
    train = task.data.train
    if not samplers or not isinstance(train, ArrayDataset):
        return 0.0
    rows = few_rows(labels_of(train))
    few = train.with_samples(train.x[rows], train.y[rows])
    return sum((_whole(sampler, few) for sampler in samplers), start=0.0)


def few_rows(y: Tensor) -> Tensor:
    """Return some rows of each class, of which the largest class has the most.

    Examples
    --------
    >>> torch.bincount(y := torch.arange(3).repeat_interleave(torch.tensor([30, 90, 2])))
    tensor([30, 90,  2])
    >>> torch.bincount(y[few_rows(y)])
    tensor([20, 40,  2])
    """
    counts = torch.bincount(y)
    shown = torch.full_like(counts, ROWS // 2)
    shown[counts.argmax()] = ROWS
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
