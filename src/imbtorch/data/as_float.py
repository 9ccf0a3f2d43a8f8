"""Samples as networks read them: floats of 32 bits, images in 0..1."""

import torch
from torch import Tensor


def as_float(x: Tensor) -> Tensor:
    """Return uint8 images as float32 in 0..1, floats and truths as float32, tokens unchanged.

    Examples
    --------
    >>> as_float(torch.tensor([255], dtype=torch.uint8)), as_float(torch.zeros(1).double())
    (tensor([1.]), tensor([0.]))
    """
    if x.dtype == torch.uint8:
        return x.float().div_(255)
    return x.float() if x.is_floating_point() or x.dtype == torch.bool else x
