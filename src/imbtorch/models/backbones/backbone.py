"""`Backbone`: a network from elsewhere, without its head, and what is known about its inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from imbtorch.data.images import ImageInput
from imbtorch.data.tokens import TokenInput
from imbtorch.errors import InputError

PREFIXES = ("timm", "hf", "torchvision")
"""Libraries that networks are taken from by name."""


@dataclass(frozen=True)
class Backbone:
    """A network from elsewhere, before it is made.

    Attributes
    ----------
    name : str
        As the user wrote it: ``timm:NAME``, ``hf:NAME-or-folder``, ``torchvision:NAME``,
        ``path/to/module.py:factory``.
    make : callable
        () -> the network without its head, inputs -> embeddings (B, D), with its pretrained
        weights if it has any. Its random parameters come from torch's global generator.
    takes : ImageInput or TokenInput or None
        The inputs that it was trained on; None if it takes whatever DATA holds.
    mean, std : tuple of float
        What pixels (in 0..1) are normalized with; empty if it normalizes its inputs itself.
    config : mapping
        JSON-ready values from which `open_backbone` describes it again, without a download.
    pretrained : str
        Where its weights come from, in words; empty if they are random.
    pooling : str
        How outputs at several places become one embedding, in words.
    """

    name: str
    make: Callable[[], nn.Module]
    takes: ImageInput | TokenInput | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    pretrained: str = ""
    pooling: str = ""


def is_backbone(name: str) -> bool:
    """Whether a model name refers to a network from elsewhere."""
    prefix, colon, _ = name.partition(":")
    return bool(colon) and (prefix in PREFIXES or ".py:" in name)


def open_backbone(
    name: str, pretrained: bool | str = True, config: Mapping[str, Any] | None = None
) -> Backbone:
    """Return the description of a network from elsewhere; no weights are read yet.

    Parameters
    ----------
    name : str
        See `Backbone`.
    pretrained : bool or str, default=True
        Whether to start from its pretrained weights, or the file that has them.
    config : mapping, optional
        That of a `Backbone` from an earlier call: nothing is downloaded then.
    """
    raise InputError(f"model is {name!r}; not yet")
