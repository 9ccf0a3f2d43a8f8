"""The quick scale: a few samples of each class, to see that a table runs."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from imbtorch.data.arrays import ArrayDataset, labels_of
from imbtorch.experiments.task import Task

EPOCHS = 2


def few_of_each(task: Task) -> Task:
    """Return a task with a few training and test samples of each class."""
    train, test = few(task.data.train), few(task.data.test)
    digest = f"{task.data.digest}, few of each class"
    return replace(task, data=replace(task.data, train=train, test=test, digest=digest))


def few(dataset: Dataset[Any]) -> Dataset[Any]:
    """Return a data set with the samples at `few_rows`."""
    rows = few_rows(labels_of(dataset))
    if isinstance(dataset, ArrayDataset):
        return ArrayDataset(dataset.x[rows], dataset.y[rows])
    return Subset(dataset, rows.tolist())


def few_rows(y: Tensor, per_class: int = 45, least: int = 32) -> Tensor:
    """Return the first rows of each class: `per_class` of the largest, one less of each smaller.

    Never fewer than `least`, where the class has so many: there is still something to balance.

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
