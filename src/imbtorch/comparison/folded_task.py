"""A task on data that are divided into folds: each training seed has a fold of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from torch.utils.data import Dataset

from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import hold_validation
from imbtorch.data.folds import Folds
from imbtorch.data.load import LoadedData


@dataclass(frozen=True)
class FoldedTask(Task):
    """A task whose test set depends on the training seed, see `Fold`.

    Its own data are those of the first fold. A run takes the task `at` its seed, which is an
    ordinary one.

    Attributes
    ----------
    divided : Folds
        The data, and how they are divided.
    made : callable, optional
        Makes the task of a seed instead: that on the embeddings of a frozen network.
    """

    divided: Folds = field(kw_only=True)
    made: Callable[[int], Task] | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, task: Task, divided: Folds) -> "FoldedTask":
        """Return an ordinary task of the first fold as one of all folds."""
        return cls(**_values(task), divided=divided)

    def at(self, seed: int) -> Task:
        """Return the ordinary task whose test set is the fold of a training seed."""
        if self.made is not None:
            return self.made(seed)
        return Task(**{**_values(self), "data": self.data_at(seed)})

    def data_at(self, seed: int, samples: Dataset[Any] | None = None) -> LoadedData:
        """Return the data of a training seed, see `Folds.data`, with a validation split if any."""
        data = self.divided.data(seed, samples)
        return data if self.decide is None else hold_validation(data, self.data_seed)

    def smallest(self, runs: int) -> list[int]:
        """Return the class counts with the smallest class among the training sets of some runs."""
        return list(min(map(self.divided.counts, range(runs)), key=min))


def _values(task: Task) -> dict[str, Any]:
    return {one.name: getattr(task, one.name) for one in fields(Task)}
