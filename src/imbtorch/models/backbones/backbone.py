"""`Backbone`: a network from elsewhere, without its head, and what is known about its inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict

from torch import nn

from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.texts.tokens import TokenInput
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
        (input_shape, num_classes) -> the network without its head, inputs -> embeddings (B, D),
        with its pretrained weights if it has any; a `Classifier` if it has a head of its own.
        Random parameters come from torch's global generator. A network from a library is the
        same for all shapes and classes.
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
    make: Callable[[Sequence[int], int], nn.Module]
    takes: ImageInput | TokenInput | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    pretrained: str = ""
    pooling: str = ""


class ImageConfig(TypedDict):
    """What is known of a network for images; the `config` of timm's and torchvision's."""

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop: float | None
    interpolation: str


def is_backbone(name: str) -> bool:
    """Whether a model name refers to a network from elsewhere."""
    prefix, colon, _ = name.partition(":")
    return bool(colon) and (prefix in PREFIXES or ".py:" in name)


def is_own(name: str) -> bool:
    """Whether a model name refers to a function in a file of the user's, which will be run.

    Examples
    --------
    >>> is_own("networks/mine.py:make"), is_own("timm:resnet50"), is_own("mlp")
    (True, False, False)
    """
    return is_backbone(name) and name.partition(":")[0] not in PREFIXES


def short_name(name: str) -> str:
    """Return a model's name without the folders before it: what it is, wherever it lies.

    Examples
    --------
    >>> short_name("networks/mine.py:make"), short_name("timm:resnet50")
    ('mine.py:make', 'timm:resnet50')
    """
    prefix, _, place = name.partition(":")
    if is_own(name):
        return Path(name).name
    return f"hf:{Path(place).absolute().name}" if prefix == "hf" and Path(place).is_dir() else name


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
    if not is_backbone(name):
        raise InputError(
            f"model is {name!r}; timm:NAME, hf:NAME-or-folder, torchvision:NAME or "
            "path/to/module.py:factory is needed"
        )
    prefix = name.partition(":")[0]
    library = import_module(f"{__package__}.{prefix if prefix in PREFIXES else 'own'}")
    described: Backbone = library.describe(name, pretrained, config)
    return described


def image_backbone(
    name: str,
    make: Callable[[], nn.Module],
    images: Mapping[str, Any],
    pretrained: str,
    config: Mapping[str, Any] | None = None,
) -> Backbone:
    """Return the description of a network for color images from its `ImageConfig`."""
    height, width = images["size"]
    crop, interpolation = images["crop"], images["interpolation"]
    return Backbone(
        name,
        lambda input_shape, num_classes: make(),
        ImageInput((height, width), 3, crop=crop, interpolation=interpolation),
        tuple(images["mean"]),
        tuple(images["std"]),
        images if config is None else config,
        pretrained,
        "the network's own",
    )


def where_from(pretrained: bool | str, source: str) -> str:
    """Return where weights come from, in words; empty if they are random."""
    return pretrained if isinstance(pretrained, str) else source if pretrained else ""
