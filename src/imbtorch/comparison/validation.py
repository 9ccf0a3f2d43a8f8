"""A validation split: a task that never touches the test set of another one."""

from dataclasses import replace

import numpy as np
from sklearn.model_selection import train_test_split

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.load import Part
from imbtorch.errors import InputError

VALIDATION = 0.2
"""Fraction of the training set that is held out."""


def validation_task(task: Task) -> Task:
    """Return the task that trains on four fifths of the training set and tests on the rest."""
    y = labels_of(task.data.train).numpy()
    try:
        kept, held = train_test_split(
            np.arange(len(y)), test_size=VALIDATION, random_state=task.data_seed, stratify=y
        )
    except ValueError as error:
        raise InputError(f"the training set cannot be split for validation: {error}") from error
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test))
