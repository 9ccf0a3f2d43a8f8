"""Samples as networks read them: floats of 32 bits, images in 0..1."""

import torch
from torch import Tensor

from imbtorch.errors import InputError


def as_float(x: Tensor) -> Tensor:
    """Return uint8 images as float32 in 0..1, floats and booleans as float32, tokens unchanged.

    Raises
    ------
    InputError
        If it is a batch of images of other integers.

    Examples
    --------
    >>> as_float(torch.tensor([255], dtype=torch.uint8)), as_float(torch.zeros(1).double())
    (tensor([1.]), tensor([0.]))
    """
    if x.dtype == torch.uint8:
        return x.float().div_(255)
    check_8_bits(x)
    return x.float() if x.is_floating_point() or x.dtype == torch.bool else x


def check_8_bits(x: Tensor) -> None:
    """Raise an InputError if `x` is a batch of images of integers whose range is not known.

    Examples
    --------
    >>> check_8_bits(torch.zeros(1, 3, 8, 8, dtype=torch.int32))
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: x has shape (1, 3, 8, 8) and dtype torch.int32; images must be ...
    """
    if x.ndim == 4 and not x.is_floating_point() and x.dtype not in (torch.uint8, torch.bool):
        raise InputError(
            f"x has shape {tuple(x.shape)} and dtype {x.dtype}; images must be uint8 in 0..255 or "
            "floats in 0..1: divide them by the largest value that they can have"
        )
