"""The `Recipe` class: a way to train a network, as a list of phases."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.slots import Json, describe


@dataclass(frozen=True)
class Recipe:
    """A way to train: a sequence of phases, and the kind of head they need.

    Parameters
    ----------
    name : str
        Shown in tables.
    phases : sequence of Phase
        Run one after the other on one network.
    head : class, optional
        Called as head(D, K), for instance `CosineHead`; by default the network keeps its own.

    Examples
    --------
    >>> from imbtorch import RefitHead, Train
    >>> Recipe("short", [Train(2), RefitHead(1)]).epochs
    2
    """

    name: str
    phases: Sequence[Phase]
    head: type[nn.Module] | None = None

    @property
    def epochs(self) -> int:
        """Epochs of network training over all phases, without epochs that train only the head."""
        return sum(phase.epochs for phase in self.phases if phase.trains_network)

    @property
    def all_epochs(self) -> int:
        """Epochs over all phases, including epochs that train only the head."""
        return sum(phase.epochs for phase in self.phases)

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return the class shares that the trained network expects.

        Parameters
        ----------
        counts : sequence of int
            Class counts n_k of the training set.

        Returns
        -------
        list of float
            Share of each class in what the head was last trained on: the data's shares for plain
            training, equal shares for balanced sampling, over-sampling and losses that take out
            the prior. Class weights count as repetitions. Pass it to `correct_prior`.

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

    def describe(self) -> dict[str, Json]:
        """Return the recipe with all its parameters as JSON-ready values."""
        phases: list[Json] = [phase.describe() for phase in self.phases]
        return {"name": self.name, "head": describe(self.head), "phases": phases}
