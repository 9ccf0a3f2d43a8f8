"""Networks of torchvision, and the import of torchvision where its compiled part is missing."""

from types import ModuleType
from typing import Any

import torch

from imbtorch.extras import extra

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
