"""A task on data that are divided into folds: each training seed has a fold of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from imbtorch.comparison.task import Task
from imbtorch.data.folds import Folds


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
        return Task(**{**_values(self), "data": self.divided.data(seed)})

    def smallest(self, runs: int) -> list[int]:
        """Return the class counts with the smallest class among the training sets of some runs."""
        return list(min(map(self.divided.counts, range(runs)), key=min))


def _values(task: Task) -> dict[str, Any]:
    return {one.name: getattr(task, one.name) for one in fields(Task)}
