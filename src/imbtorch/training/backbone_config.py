"""The check of what a checkpoint's header says of a network from elsewhere."""

from math import prod
from typing import Annotated, Any, NotRequired, TypedDict

from imbtorch.data.images.framing import FILTERS
from imbtorch.errors import InputError, unknown_name
from imbtorch.models.backbones.backbone import PREFIXES
from imbtorch.models.backbones.hf_features import POOLINGS
from imbtorch.npz import check_memory
from imbtorch.training.conform import Range, conform

Side = Annotated[int, Range(1, 2**14)]
Color = Annotated[float, Range(-(2**16), 2**16)]
BATCH_BYTES = 128 * 16 * 4
"""Bytes per pixel of a batch of images after the first layer: 16 channels and more in float32."""


class Images(TypedDict):
    """`ImageConfig`, with bounds."""

    size: tuple[Side, Side]
    mean: tuple[Color, Color, Color]
    std: tuple[Color, Color, Color]
    crop: float | None
    interpolation: str


class Transformers(TypedDict):
    """The config of a network of transformers; the values of its own configuration may be any."""

    network: dict[str, Any]
    images: dict[str, Any] | None
    pooling: str | None
    embedding_size: NotRequired[Annotated[int, Range(1, 2**20)]]


class Own(TypedDict):
    """The config of a network from a file of the user's, which is all that is known of it."""


def check_config(name: str, config: dict[str, Any]) -> None:
    """Raise an InputError unless ``spec.config`` describes a network of the library in its name."""
    prefix = name.partition(":")[0]
    if prefix == "hf":
        # the values of `network` are checked where a network is made of them, see hf_config
        conform(config, Transformers, "spec.config")
        if (config["images"] is None) == (config["pooling"] is None):
            raise InputError("spec.config needs images or pooling, and not both")
        if config["images"] is not None:
            check_images(config["images"], "spec.config.images")
        elif config["pooling"] not in POOLINGS:
            raise unknown_name("spec.config.pooling", config["pooling"], POOLINGS)
        elif "embedding_size" not in config:
            raise InputError("spec.config has no 'embedding_size'")
    elif prefix in PREFIXES:
        check_images(config)
    else:
        conform(config, Own, "spec.config")


def check_images(config: dict[str, Any], where: str = "spec.config") -> None:
    """Raise an InputError unless `config` is an `ImageConfig`."""
    conform(config, Images, where)
    if config["interpolation"] not in FILTERS or min(config["std"]) <= 0:
        raise InputError(
            f"{where} has interpolation {config['interpolation']!r} and std {config['std']}; one "
            f"of {', '.join(FILTERS)}, and numbers above 0, are needed"
        )
    check_memory(BATCH_BYTES * prod(config["size"]), f"a batch of images of {where}.size")
    if config["crop"] is not None and not 0 < config["crop"] <= 1:
        raise InputError(f"{where}.crop is {config['crop']}; it must be above 0 and at most 1")
