"""A network that a program makes itself, as the origin of a task's network."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from imbtorch.data.inputs import Input
from imbtorch.models.classifier import Classifier, check_classifier
from imbtorch.seeding import scoped_seed
from imbtorch.training.checksum import checksum
from imbtorch.training.own_code import code_of

Make = Classifier | Callable[[], Classifier]
"""A network that each run starts from as it is, or a function that makes a new one."""


@dataclass(frozen=True)
class OwnNetwork:
    """A network of a program's own.

    Attributes
    ----------
    make : Classifier or callable
        A network, of which each run trains a copy; or a function without arguments that makes one,
        called with torch's generator seeded by the training seed.
    """

    make: Make

    def network(self, shape: Sequence[int], classes: int, seed: int) -> Classifier:
        """Return the network of a training seed, before its training."""
        with scoped_seed(seed):
            made = copy.deepcopy(self.make) if isinstance(self.make, Classifier) else self.make()
        check_classifier(made)
        return made

    @cached_property
    def _identity(self) -> dict[str, str]:
        network = self.network((), 0, 0)
        weights = checksum(str(network), network.state_dict())
        return {"weights": weights, "code": code_of([network])}

    def identity(self) -> dict[str, str]:
        """Return what distinguishes it from others: its layers and weights, and its own code."""
        return dict(self._identity)

    def words(self, spec: Input) -> str:
        """Return where its weights come from."""
        same = isinstance(self.make, Classifier)
        return "every run starts from its weights" if same else "made anew for each seed"
