"""A validation split: a task that never touches the test set of another one."""

from dataclasses import replace

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import take
from imbtorch.data.load import Part
from imbtorch.errors import InputError

VALIDATION = 0.2
"""Fraction of the training set that is held out."""


def validation_task(task: Task) -> Task:
    """Return the task that trains on four fifths of the training set and tests on the rest.

    It is divided as the whole data are, see `LoadedData.divide`. A class with one training sample
    keeps it: its validation recall is undefined.
    """
    if task.data.fold is not None:
        raise InputError(
            "every sample is tested in one of the folds, so that none is left to choose recipes or "
            "options on: choose them without --folds, on other data, or name them"
        )
    kept, held = task.data.divide(VALIDATION, task.data_seed)
    if len(held) == 0:
        raise InputError(
            "the training set cannot be split for validation: no class has two samples"
        )
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test))
