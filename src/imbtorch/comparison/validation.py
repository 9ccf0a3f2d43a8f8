"""A validation split of the training set: nothing is chosen on the test set."""

from dataclasses import replace

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.hold_out import validation_rows
from imbtorch.data.load import LoadedData, Part


def validation_task(task: Task) -> Task:
    """Return the task that trains on four fifths of the training set and tests on the rest.

    A class with one training sample keeps it: its validation recall is undefined. No decision is
    chosen there.
    """
    kept, held = validation_rows(labels_of(task.data.train).numpy(), task.data_seed)
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test), decide=None)


def hold_validation(data: LoadedData, data_seed: int) -> LoadedData:
    """Return the data with a fifth of the training set moved to `LoadedData.validation`."""
    kept, held = validation_rows(labels_of(data.train).numpy(), data_seed)
    train, validation = (take(data.train, rows) for rows in (kept, held))
    parts = (*data.parts, Part.DECISION)
    return replace(data, train=train, validation=validation, parts=parts)
