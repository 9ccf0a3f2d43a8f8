"""Networks of timm: over a thousand for images, by name."""

from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from types import ModuleType
from typing import Any

from torch import nn

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.models.backbones.backbone import Backbone, image_backbone
from imbtorch.models.backbones.torchvision import import_torchvision
from imbtorch.models.backbones.weights import downloaded, load_weights


def import_timm() -> ModuleType:
    """Return timm, which needs a torchvision that can be imported."""
    import_torchvision()
    with extra("timm", "a network of timm"):
        import timm
    module: ModuleType = timm
    return module


def describe(name: str, pretrained: bool | str, config: Mapping[str, Any] | None) -> Backbone:
    """Return the description of ``timm:NAME``, see `open_backbone`."""
    timm = import_timm()
    network = name.partition(":")[2]
    known = None
    if timm.is_model(network):
        with suppress(RuntimeError):  # the pretraining in NAME.PRETRAINING is unknown
            known = timm.get_pretrained_cfg(network)
    if known is None:
        near = get_close_matches(network, timm.list_models(include_tags="." in network), 3)
        hint = f"did you mean {', '.join(near)}?" if near else "timm.list_models() gives the names"
        raise InputError(f"model is {name!r}; timm has no such network: {hint}")
    if pretrained is True and not known.has_weights:
        raise InputError(
            f"model is {name!r}, for which timm has no pretrained weights: train it from scratch "
            "(--from-scratch), or name a file that has weights (--pretrained FILE)"
        )
    if config is None:
        found = timm.data.resolve_data_config(pretrained_cfg=known.to_dict())
        config = {
            "size": [int(side) for side in found["input_size"][1:]],
            "mean": [float(value) for value in found["mean"]],
            "std": [float(value) for value in found["std"]],
            "crop": float(found["crop_pct"]) if found["crop_mode"] == "center" else None,
            "interpolation": str(found["interpolation"]),
            "fixed": bool(known.fixed_input_size),
        }
    source = f"timm, {known.hf_hub_id or known.url or known.file or known.architecture}"
    return image_backbone(
        name, partial(_make, name, network, pretrained), config, pretrained, source
    )


def _make(name: str, network: str, pretrained: bool | str) -> nn.Module:
    with downloaded(name, pretrained):
        made: nn.Module = import_timm().create_model(
            network, pretrained=pretrained is True, num_classes=0, in_chans=3
        )
    if isinstance(pretrained, str):
        load_weights(made, pretrained, name)
    return made
