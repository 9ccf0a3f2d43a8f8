"""Networks from elsewhere: timm:NAME, hf:NAME, torchvision:NAME, path/to/module.py:factory."""

from imbtorch.models.backbones.backbone import Backbone, is_backbone, open_backbone

__all__ = ["Backbone", "is_backbone", "open_backbone"]
