"""The `Recipe` class: a way to train a network, as a list of phases."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import Self

from torch import nn

from imbtorch.data.augmentation.augment import Augment, augment_by_name
from imbtorch.errors import InputError, unknown_name
from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.setup import Setup
from imbtorch.training.slots import Json, describe


@dataclass(frozen=True)
class Recipe:
    """A way to train: a sequence of phases, and what they need of head, set-up and augmentation.

    Parameters
    ----------
    name : str
        Shown in tables.
    phases : sequence of Phase
        Run one after the other on one network.
    head : class, optional
        Called as head(D, K), for instance `CosineHead`; by default the network keeps its own.
    setup : mapping of str to value, optional
        Values of `Setup` that the recipe brings: it is trained with these, whatever the set-up it
        is given says. Not ``freeze``, which belongs to the network.
    augment : str, optional
        Name of an augmentation, see `augment_by_name`, that takes the place of the given one; for
        images only.

    Raises
    ------
    InputError
        If `setup` has an unknown name or a value out of its range, or `augment` is unknown.

    Examples
    --------
    >>> from imbtorch import RefitHead, Train
    >>> Recipe("short", [Train(2), RefitHead(1)]).epochs
    2
    >>> Recipe("averaged", [Train(2)], setup={"ema": 0.99}).trained_with(Setup(lr=0.5)).ema
    0.99
    """

    name: str
    phases: Sequence[Phase]
    head: type[nn.Module] | None = None
    setup: Mapping[str, Json] = field(default_factory=dict)
    augment: str | None = None

    def __post_init__(self) -> None:
        known = [one.name for one in fields(Setup) if one.name != "freeze"]
        for name in self.setup:
            if name not in known:
                raise unknown_name(f"a value of setup in recipe {self.name}", name, known)
        self.trained_with(Setup())
        self.augmented_by(None)
        for before, phase in pairwise(self.phases):
            phase.check_after(before)

    def copied(self) -> Self:
        """Return the recipe with copies of its finished objects, for a run of its own.

        Raises
        ------
        InputError
            If one cannot be copied.
        """
        try:
            return deepcopy(self)
        except Exception as error:  # what copying runs may raise anything
            raise InputError(
                f"recipe {self.name} holds an object that cannot be copied for each of several "
                f"runs: {' '.join(str(error).split())}; give a class or a functools.partial instead"
            ) from error

    def trained_with(self, setup: Setup) -> Setup:
        """Return a set-up with the values that the recipe brings."""
        return replace(setup, **self.setup)  # type: ignore[arg-type]

    def augmented_by(self, augment: Augment | None) -> Augment | None:
        """Return the augmentation that the recipe brings, or else the given one."""
        return augment if self.augment is None else augment_by_name(self.augment)

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
        shares = as_shares(counts)
        for phase in self.phases:
            shares = phase.shares_after(shares, counts)
        return shares

    def describe(self) -> dict[str, Json]:
        """Return the recipe with all its parameters as JSON-ready values.

        Without a set-up or an augmentation of its own it has no entry for them: results of before
        there were any keep their identity. Objects in it are described as they are at the first
        call: training may change what they hold.
        """
        return deepcopy(self._described)

    @cached_property
    def _described(self) -> dict[str, Json]:
        phases: list[Json] = [phase.describe() for phase in self.phases]
        brought: dict[str, Json] = {}
        if self.setup:
            brought["setup"] = {name: describe(value) for name, value in self.setup.items()}
        if self.augment is not None:
            brought["augment"] = self.augment
        return {"name": self.name, "head": describe(self.head), "phases": phases, **brought}
