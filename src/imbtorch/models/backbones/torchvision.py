"""Networks of torchvision, and the import of torchvision where its compiled part is missing."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from types import ModuleType
from typing import Any

import torch
from torch import nn

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.models.backbones.backbone import Backbone, image_backbone, where_from
from imbtorch.models.backbones.weights import downloaded, load_weights
from imbtorch.models.heads import find_head

_DECLARED: list[Any] = []  # operators exist as long as the library that declares them
_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, "
    "int pooled_width, int sampling_ratio, bool aligned) -> Tensor",
)


def import_torchvision() -> ModuleType:
    """Return torchvision; if its compiled part does not fit this torch, without that part.

    No network for classification uses its operators, but its import looks for them: where they
    are absent, they are declared, so that it finds them. A torchvision that works is left alone.
    """
    with extra("timm", "a network of timm or torchvision"):
        try:
            import torchvision
        except RuntimeError as error:
            if _DECLARED or "torchvision::" not in str(error):
                raise
            library: Any = torch.library.Library  # without types in torch
            _DECLARED.append(library("torchvision", "DEF"))
            for operator in _OPERATORS:
                _DECLARED[0].define(operator)
            import torchvision
    module: ModuleType = torchvision
    return module


def describe(name: str, pretrained: bool | str, config: Mapping[str, Any] | None) -> Backbone:
    """Return the description of ``torchvision:NAME``, see `open_backbone`."""
    models = import_torchvision().models
    network = name.partition(":")[2]
    known = models.list_models(module=models)
    if network not in known:
        near = get_close_matches(network, known, 3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(known)}"
        raise InputError(
            f"model is {name!r}; torchvision has no such network for classification: {hint}"
        )
    weights = models.get_model_weights(network).DEFAULT
    if config is None:
        used = weights.transforms()
        (size,), (resized,) = used.crop_size, used.resize_size
        config = {
            "size": [size, size],
            "mean": list(used.mean),
            "std": list(used.std),
            "crop": size / resized,
            "interpolation": used.interpolation.value,
        }
    make = partial(_make, name, network, pretrained)
    return image_backbone(name, make, config, where_from(pretrained, f"torchvision, {weights}"))


def _make(name: str, network: str, pretrained: bool | str) -> nn.Module:
    models = import_torchvision().models
    weights = "DEFAULT" if pretrained is True else None
    # both are otherwise another network with pretrained weights than without
    same = {"transform_input": True, "init_weights": False}
    options = same if network in ("googlenet", "inception_v3") else {}
    with downloaded(name, pretrained):
        made: nn.Module = models.get_model(network, weights=weights, **options)
    for auxiliary in ("AuxLogits", "aux1", "aux2"):  # heads for training from scratch
        if hasattr(made, auxiliary):
            setattr(made, auxiliary, None)
            made.aux_logits = False  # type: ignore[assignment]
    made.set_submodule(find_head(made), nn.Identity())
    if isinstance(pretrained, str):
        load_weights(made, pretrained, name)
    return made
