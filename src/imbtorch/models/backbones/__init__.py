"""Networks from elsewhere: timm:NAME, hf:NAME, torchvision:NAME, path/to/module.py:factory."""

from imbtorch.models.backbones.backbone import (
    Backbone,
    is_backbone,
    is_own,
    open_backbone,
    short_name,
)
from imbtorch.models.backbones.build import build_with_backbone

__all__ = [
    "Backbone",
    "build_with_backbone",
    "is_backbone",
    "is_own",
    "open_backbone",
    "short_name",
]
