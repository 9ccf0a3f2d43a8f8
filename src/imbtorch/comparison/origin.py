"""`Origin`: where the network of a task comes from, and what its inputs are."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from imbtorch.data.images.decode import size_in_words
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import Input
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.models.backbones import Backbone, is_own
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier
from imbtorch.training.checksum import checksum

RANDOM = "random"
"""What stands for the weights of a network that is trained from scratch."""


@dataclass(frozen=True)
class Origin:
    """A network from elsewhere, as a task uses it.

    Attributes
    ----------
    backbone : Backbone
        What is known of it.
    pretrained : bool or str
        Whether it starts from its pretrained weights, or the file that has them.
    weights : str
        Checksum of these weights, or "random".
    """

    backbone: Backbone
    pretrained: bool | str
    weights: str

    @classmethod
    def of(
        cls, backbone: Backbone, pretrained: bool | str, shape: Sequence[int], classes: int
    ) -> "Origin":
        """Make the network once, for the checksum of its weights."""
        if not pretrained:
            return cls(backbone, pretrained, RANDOM)
        made = build_model(backbone.name, shape, classes, pretrained=pretrained)
        return cls(backbone, pretrained, checksum("", made.features.state_dict()))

    def network(self, shape: Sequence[int], classes: int, seed: int) -> Classifier:
        """Return the network with a new head, for inputs of a shape."""
        name = self.backbone.name
        return build_model(name, shape, classes, seed=seed, pretrained=self.pretrained)

    def identity(self) -> dict[str, str]:
        """Return what distinguishes it from others of its name, JSON-ready."""
        return {"weights": self.weights, "config": self._config, **self._code}

    @cached_property
    def _config(self) -> str:
        text = json.dumps(dict(self.backbone.config), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def _code(self) -> dict[str, str]:
        """A hash of the file that makes the network, if it is one of the user's."""
        if not is_own(self.backbone.name):
            return {}
        file = Path(self.backbone.name.rpartition(":")[0])
        return {"code": hashlib.sha256(file.read_bytes()).hexdigest()[:16]}

    def words(self, spec: Input) -> str:
        """Return where its weights come from, its inputs and its pooling."""
        backbone = self.backbone
        weights = backbone.pretrained or "random"
        pooling = f"; pooling: {backbone.pooling}" if backbone.pooling else ""
        return f"weights: {weights}; inputs: {_inputs(spec)}{pooling}"


def _inputs(spec: Input) -> str:
    if isinstance(spec, ImageInput):
        crop = "" if spec.crop is None else f", the middle {spec.crop:g} of the shorter side"
        return f"{size_in_words(spec.size)} pixels{crop}, {spec.interpolation}"
    if isinstance(spec, TokenInput):
        return f"texts of at most {spec.max_length} tokens"
    return spec.kind
