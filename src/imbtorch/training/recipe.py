"""A recipe is a list of phases."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imbtorch.training.run import Run
from imbtorch.training.slots import describe


class Phase(ABC):
    """One stage of a recipe. A new kind of phase implements `run`.

    Attributes
    ----------
    epochs : int
        Epochs the phase trains for, for progress bars.
    trains_network : bool
        Whether these epochs train the whole network, and so count for its schedule.
    """

    epochs: int
    trains_network = False

    @abstractmethod
    def run(self, run: Run) -> None:
        """Train `run.model` further."""

    def class_shares(self, counts: Sequence[int]) -> list[float] | None:
        """Return how often the phase showed each class to the head, as shares.

        None, the default, stands for those of the phase before.
        """
        return None

    def describe(self) -> dict[str, Any]:
        """Return the phase and all its parameters as JSON-ready values."""
        values = {k: describe(v) for k, v in vars(self).items() if v is not None}
        return {"phase": type(self).__name__, **values}


def as_shares(amounts: Sequence[float]) -> list[float]:
    """Return amounts divided by their sum."""
    return [float(amount / sum(amounts)) for amount in amounts]


@dataclass(frozen=True)
class Recipe:
    """A way to train: phases in order, and the kind of head they need.

    Parameters
    ----------
    name : str
        Shown in tables.
    phases : sequence of Phase
        Run one after the other on one network.
    head : callable, optional
        (D, K) -> head, as `CosineHead`; the network's own by default.

    Examples
    --------
    >>> from imbtorch import RefitHead, Train
    >>> Recipe("short", [Train(2), RefitHead(1)]).epochs
    2
    """

    name: str
    phases: Sequence[Phase]
    head: Any = None

    @property
    def epochs(self) -> int:
        """Epochs of network training over all phases; those of the head alone not counted."""
        return sum(phase.epochs for phase in self.phases if phase.trains_network)

    @property
    def all_epochs(self) -> int:
        """Epochs over all phases, those of the head alone included."""
        return sum(phase.epochs for phase in self.phases)

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return the class shares that the trained network takes for given.

        Parameters
        ----------
        counts : sequence of int
            Class counts n_k of the training set.

        Returns
        -------
        list of float
            Share of each class in what the head was last trained on: that of the data for
            plain training, equal for balanced sampling, over-sampling and losses that take the
            prior out; class weights count as repetitions. For `correct_prior`.

        Examples
        --------
        >>> from imbtorch import make_recipe
        >>> make_recipe("erm").class_shares([90, 10]), make_recipe("drs").class_shares([90, 10])
        ([0.9, 0.1], [0.5, 0.5])
        """
        for phase in reversed(self.phases):
            shares = phase.class_shares(counts)
            if shares is not None:
                return shares
        return as_shares(counts)

    def describe(self) -> dict[str, Any]:
        """Return the recipe with all its parameters as JSON-ready values."""
        phases = [phase.describe() for phase in self.phases]
        return {"name": self.name, "head": describe(self.head), "phases": phases}
