"""A frozen network, whose embeddings take the place of the data."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from imbtorch.data.inputs import Input
from imbtorch.models.classifier import Classifier
from imbtorch.training.shared_backbone import shared_name, shared_tensors


@dataclass(frozen=True)
class Frozen:
    """A frozen network and what it was given.

    Attributes
    ----------
    network : Classifier
        The whole network; the last layer of its features is the identity, and takes the
        standardization of the embeddings.
    input : Input
        How stored rows become its inputs.
    seconds : float
        How long it took to embed all data, once.
    """

    network: Classifier
    input: Input
    seconds: float

    @cached_property
    def shared(self) -> dict[str, Tensor]:
        """What checkpoints of heads leave to a file that they share."""
        return shared_tensors(self.network)

    @cached_property
    def name(self) -> str:
        """The checksum by which they refer to that file."""
        return shared_name(self.shared)


def layers_of(model: Classifier) -> list[nn.Module]:
    """Return the layers of the features: for the whole network normalization, network, another."""
    return list(model.features.children())
