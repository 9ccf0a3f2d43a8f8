"""A whole network made of a backbone: normalization, backbone, normalization, head."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.data.checks import embeddings_of
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.models.backbones.backbone import Backbone, open_backbone
from imbtorch.models.backbones.hf_features import TextFeatures
from imbtorch.models.classifier import Classifier, Normalize, head_size
from imbtorch.seeding import scoped_seed


def build_with_backbone(
    name: str,
    input_shape: tuple[int, ...],
    num_classes: int,
    seed: int,
    pretrained: bool | str,
    config: Mapping[str, Any] | None,
) -> Classifier:
    """Build a network from elsewhere, see `build_model`.

    Its features are the normalization of the pixels (the identity for other inputs), the network,
    and a normalization of its embeddings, which is the identity unless they are standardized.
    """
    backbone = open_backbone(name, pretrained, config)
    config = backbone.config
    front = _front(backbone, input_shape)
    with scoped_seed(seed):
        network = backbone.make(input_shape, num_classes)
        head = network.head if isinstance(network, Classifier) else None
        if isinstance(network, Classifier):
            network = network.features
        output = _try(backbone, front, network, input_shape)
        if not isinstance(output, Tensor):
            network = Unwrapped(network)
        size = _size(backbone, output)
        if isinstance(network, TextFeatures):
            config = {**backbone.config, "embedding_size": size}
        head = head or nn.Linear(size, num_classes)
    if head_size(head) != (size, num_classes):
        raise InputError(
            f"model {name!r} has a head from {head_size(head)[0]} values to {head_size(head)[1]} "
            f"classes; its embeddings have {size} values and the data {num_classes} classes"
        )
    last = Normalize(torch.zeros(size), torch.ones(size))
    model = Classifier(nn.Sequential(front, network, last), head)
    model.pretrained = pretrained
    model.spec = {
        "name": name,
        "input_shape": list(input_shape),
        "num_classes": num_classes,
        "head": "linear",
        "config": dict(config),
    }
    return model


def _front(backbone: Backbone, shape: tuple[int, ...]) -> nn.Module:
    """Return the first layer; an InputError if the network does not take inputs of this shape."""
    images = len(backbone.mean) > 0
    if (images or isinstance(backbone.takes, ImageInput)) and (
        len(shape) != 3 or shape[0] not in (1, 3)
    ):
        raise InputError(
            f"model is {backbone.name!r}, which takes images (1 or 3, H, W); these inputs have "
            f"shape {shape}"
        )
    if isinstance(backbone.takes, TokenInput) and len(shape) != 1:
        raise InputError(
            f"model is {backbone.name!r}, which takes the tokens of texts (L,); these inputs have "
            f"shape {shape}"
        )
    if not images:
        return nn.Identity()
    return Normalize(torch.tensor(backbone.mean), torch.tensor(backbone.std))


class Unwrapped(nn.Module):
    """A network whose output is a dict, a dataclass or a tuple -> the embeddings in it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return embeddings of shape (B, D)."""
        return embeddings_of(self.network(x))


@torch.no_grad()
def _try(
    backbone: Backbone, front: nn.Module, network: nn.Module, shape: tuple[int, ...]
) -> object:
    """Return the output for one input.

    If a network does not take images of this size, its first layer is made to resize them.
    """
    texts = isinstance(network, TextFeatures)
    x = torch.zeros(1, 1, dtype=torch.int32) if texts else torch.zeros(1, *shape)
    if texts and x.is_meta:  # most language models look at their mask, which has no values there
        return torch.zeros(1, backbone.config["embedding_size"])
    features = nn.Sequential(front, network).eval()
    takes = backbone.takes
    try:
        return features(x)
    except Exception as error:  # the network's own code, which may raise anything
        if isinstance(front, Normalize) and isinstance(takes, ImageInput) and front.size is None:
            front.size = takes.size
            return _try(backbone, front, network, shape)
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"model {backbone.name!r} cannot take inputs of shape {shape}: {reason}"
        ) from error
    finally:
        features.train()


def _size(backbone: Backbone, output: object) -> int:
    """Return the size D of the embedding in the output for one input."""
    h = embeddings_of(output)
    if h.ndim != 2 or len(h) != 1:
        raise InputError(
            f"model {backbone.name!r} returns {tuple(h.shape)} for one input; embeddings (1, D) "
            "are needed"
        )
    return h.shape[1]
