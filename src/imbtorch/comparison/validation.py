"""A validation split of the training set: nothing is chosen on the test set."""

from dataclasses import replace

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.hold_out import validation_rows
from imbtorch.data.load import LoadedData, Part
from imbtorch.errors import InputError


def validation_task(task: Task) -> Task:
    """Return the task that trains on four fifths of the training set and tests on the rest.

    It is divided as the whole data are. A class with one training sample keeps it: its validation
    recall is undefined. No decision is chosen there.
    """
    data = task.data
    if data.fold is not None:
        raise InputError(
            "every sample is tested in one of the folds, so that none is left to choose recipes or "
            "options on: choose them without --folds, on other data, or name them"
        )
    kept, held = validation_rows(labels_of(data.train).numpy(), task.data_seed, data.division)
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test), decide=None)


def hold_validation(data: LoadedData, data_seed: int) -> LoadedData:
    """Return the data with a fifth of the training set moved to `LoadedData.validation`."""
    kept, held = validation_rows(labels_of(data.train).numpy(), data_seed, data.division)
    train, validation = (take(data.train, rows) for rows in (kept, held))
    return replace(
        data,
        train=train,
        validation=validation,
        parts=(*data.parts, Part.DECISION),
        division=data.division and data.division.take(kept),
        fold=data.fold and replace(data.fold, train=data.fold.train[kept]),
    )
