"""A validation split: a task that never touches the test set of another one."""

from dataclasses import replace

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.hold_out import stratified
from imbtorch.data.load import Part
from imbtorch.errors import InputError

VALIDATION = 0.2
"""Fraction of the training set that is held out."""


def validation_task(task: Task) -> Task:
    """Return the task that trains on four fifths of the training set and tests on the rest.

    A class with one training sample keeps it: its validation recall is undefined.
    """
    y = labels_of(task.data.train).numpy()
    kept, held = stratified(y, VALIDATION, task.data_seed)
    if len(held) == 0:
        raise InputError(
            "the training set cannot be split for validation: no class has two samples; add some"
        )
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test))
