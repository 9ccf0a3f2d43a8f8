"""A whole network made of a backbone: normalization, backbone, normalization, head."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.data.checks import embeddings_of
from imbtorch.data.images import ImageInput
from imbtorch.data.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.models.backbones.backbone import Backbone, open_backbone
from imbtorch.models.classifier import Classifier, Normalize
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
    front = _front(backbone, input_shape)
    with scoped_seed(seed):
        network = backbone.make(input_shape, num_classes)
        head = network.head if isinstance(network, Classifier) else None
        if isinstance(network, Classifier):
            network = network.features
        size = _embedding_size(name, nn.Sequential(front, network), backbone, input_shape)
        head = head or nn.Linear(size, num_classes)
    last = Normalize(torch.zeros(size), torch.ones(size))
    model = Classifier(nn.Sequential(front, network, last), head)
    model.pretrained = pretrained
    model.spec = {
        "name": name,
        "input_shape": list(input_shape),
        "num_classes": num_classes,
        "head": "linear",
        "config": dict(backbone.config),
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
    mean, std = torch.tensor(backbone.mean), torch.tensor(backbone.std)
    size = backbone.takes.size if isinstance(backbone.takes, ImageInput) else None
    return Normalize(mean, std, size if backbone.fixed else None)


@torch.no_grad()
def _embedding_size(
    name: str, features: nn.Module, backbone: Backbone, shape: tuple[int, ...]
) -> int:
    """Return D, found by running the network on one input."""
    tokens = isinstance(backbone.takes, TokenInput)
    x = torch.zeros((1, *shape), dtype=torch.int32 if tokens else torch.float32)
    features.eval()
    try:
        h: Tensor = embeddings_of(features(x))
    except InputError:
        raise
    except Exception as error:  # the network's own code, which may raise anything
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"model {name!r} cannot take inputs of shape {shape}: {reason}") from error
    features.train()
    if h.ndim != 2 or len(h) != 1:
        raise InputError(
            f"model {name!r} returns {tuple(h.shape)} for one input; embeddings (1, D) are needed"
        )
    return h.shape[1]
