"""`Origin`: where the network of a task comes from, and what is said of it before training."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from imbtorch.data.decode import size_in_words
from imbtorch.data.images import ImageInput
from imbtorch.data.inputs import Input
from imbtorch.data.tokens import TokenInput
from imbtorch.models.backbones import Backbone
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier
from imbtorch.training.checksum import checksum
from imbtorch.training.setup import Setup

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
        return {"weights": self.weights, "config": self._config}

    @cached_property
    def _config(self) -> str:
        text = json.dumps(dict(self.backbone.config), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

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


TRAINED = {"none": "all of it", "backbone": "the head, on embeddings that are made once"}
"""What is trained, by `Setup.freeze`."""


def trained_words(freeze: str) -> str:
    """Return what of a network from elsewhere is trained.

    Examples
    --------
    >>> trained_words("but:2")
    'the head and the last 2 blocks'
    """
    return TRAINED.get(freeze) or f"the head and the last {freeze.partition(':')[2]} blocks"


def setup_words(setup: Setup) -> str:
    """Return optimizer and schedule as a user should read them.

    Examples
    --------
    >>> setup_words(Setup())
    'batch size 128, sgd, learning rate 0.1, step schedule, warm-up 0.025, weight decay 0.0002'
    """
    more: dict[str, Any] = {
        "clip": setup.clip,
        "label smoothing": setup.label_smoothing,
        "layer decay": setup.layer_decay if setup.layer_decay != 1 else None,
        "moving average": setup.ema,
    }
    return ", ".join(
        [
            f"batch size {setup.batch_size}",
            f"{setup.optimizer}, learning rate {setup.lr:g}",
            f"{setup.schedule} schedule, warm-up {setup.warmup:g}",
            f"weight decay {setup.weight_decay:g}",
            *(f"{name} {value:g}" for name, value in more.items() if value),
        ]
    )
