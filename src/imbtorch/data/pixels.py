"""The range of pixel values that methods which move images keep to."""

import warnings
from typing import Any

import torch
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset, first_input


def pixel_range(images: Dataset[Any]) -> tuple[float, float] | None:
    """Return 0..1, where images are that are uint8 or in 0..1 as floats; None for others.

    Of arrays, up to 2,000 images are looked at; else the first. Of others, a warning says what
    they are: a method that moves images is then not held within bounds.

    Examples
    --------
    >>> pixel_range(ArrayDataset(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), [0, 1]))
    (0.0, 1.0)
    """
    if isinstance(images, ArrayDataset):
        x = images.x[:: max(len(images.x) // 2_000, 1)]
    else:
        x = first_input(images)
    low, high = (0.0, 1.0) if x.dtype == torch.uint8 else map(float, x.aminmax())
    if low >= -0.1 and high <= 1.1:  # a little beyond is what interpolation leaves
        return 0.0, 1.0
    warnings.warn(
        f"images reach from {low:.4g} to {high:.4g}: methods that move them, such as m2m and aos, "
        "take steps meant for 0..1, and stay within no bounds; networks made by build_model "
        "normalize images in 0..1 themselves",
        UserWarning,
        stacklevel=2,
    )
    return None
