"""The `Phase` base class: one stage of a recipe."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset

from imbtorch.data.arrays import class_counts, labels_of
from imbtorch.places import EpochSampler, OverSampler, Slot
from imbtorch.resampling.apply import counts_after
from imbtorch.training.run import Run
from imbtorch.training.slots import Json, Known, asks_for, describe


class Phase(ABC):
    """One stage of a recipe. A new kind of phase implements `run`.

    Attributes
    ----------
    epochs : int
        Number of epochs that the phase trains, for progress bars.
    trains_network : bool
        Whether these epochs train the whole network and so count toward its schedule.
    needs_linear_head : bool
        Whether it takes the weights of a linear head.
    """

    epochs: int
    trains_network = False
    needs_linear_head = False

    @property
    def makes_up(self) -> str:
        """What of the phase makes up for the class shares of the training set; empty if nothing."""
        return ""

    @property
    def takes_pretrained(self) -> bool:
        """Whether it asks for a second, trained network."""
        return any(asks_for(slot, "pretrained") for slot in vars(self).values())

    def check_after(self, before: "Phase") -> None:  # noqa: B027
        """Warn if the phase does not go with the one before it; called when a recipe is made."""

    @abstractmethod
    def run(self, run: Run) -> None:
        """Train `run.model` further."""

    def class_shares(self, counts: Sequence[int]) -> list[float] | None:
        """Return how often the phase shows each class to the head, as shares.

        None, the default, means the shares of the phase before.
        """
        return None

    def shares_after(self, before: Sequence[float], counts: Sequence[int]) -> list[float]:
        """Return the class shares that the head expects after the phase, given those before it."""
        return self.class_shares(counts) or [*before]

    def describe(self) -> dict[str, Json]:
        """Return the phase and all its parameters as JSON-ready values."""
        values = {k: describe(v) for k, v in vars(self).items() if v is not None}
        return {"phase": type(self).__name__, **values}


def shown_counts(
    counts: Sequence[int], sampler: Slot[EpochSampler], resample: Slot[OverSampler]
) -> list[float]:
    """Return how often an epoch shows each class, up to a factor.

    A sampler shows all classes equally; an over-sampler as often as its strategy says.
    """
    if sampler is not None:
        return [1.0] * len(counts)
    return [float(n) for n in (counts if resample is None else counts_after(resample, counts))]


def of_samples(known: Known, data: Dataset[Any]) -> Known:
    """Return what the run knows, for a slot that orders the samples of a data set of the phase."""
    return {
        **known,
        "train": lambda: data,
        "labels": lambda: labels_of(data),
        "class_counts": lambda: class_counts(data),
    }


def as_shares(amounts: Sequence[float]) -> list[float]:
    """Return amounts divided by their sum."""
    return [float(amount / sum(amounts)) for amount in amounts]
