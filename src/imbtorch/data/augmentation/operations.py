"""The image operations of AutoAugment's family, each on many images at once, by kornia."""

from collections.abc import Callable

import torch
from torch import Tensor

from imbtorch.extras import extra

Operation = Callable[[Tensor, Tensor], Tensor]
"""Images (n, C, H, W) in 0..1 and their n magnitudes -> images."""


def image_operations() -> dict[str, Operation]:
    """Return the operations by name; each image has a magnitude of its own.

    They are those of Pillow as the papers use them: nearest pixel, black where nothing was. The
    magnitude is a slope (shear), a share of the width or height (translate), degrees (rotate), the
    difference to a factor of 1 (brightness, color, contrast, sharpness), bits that stay (posterize)
    or the value from which on pixels are inverted (solarize).

    Examples
    --------
    >>> bright = image_operations()["brightness"]
    >>> bright(torch.full((2, 1, 1, 1), 0.5), torch.tensor([0.5, -0.5])).flatten()
    tensor([0.7500, 0.2500])
    """
    with extra("augment", "an augmentation with image operations"):
        from kornia import enhance
        from kornia.geometry.transform import get_rotation_matrix2d, warp_affine

    def warp(x: Tensor, matrix: Tensor) -> Tensor:
        moved: Tensor = warp_affine(x, matrix, (x.shape[-2], x.shape[-1]), mode="nearest")
        return moved

    def rotate(x: Tensor, degrees: Tensor) -> Tensor:
        middle = [(x.shape[-1] - 1) / 2, (x.shape[-2] - 1) / 2]
        center = torch.tensor(middle, device=x.device).expand(len(x), 2)
        return warp(x, get_rotation_matrix2d(center, degrees, torch.ones_like(center)))

    def auto_contrast(x: Tensor, _: Tensor) -> Tensor:
        one_value = x.amin((2, 3), keepdim=True) == x.amax((2, 3), keepdim=True)
        return torch.where(one_value, x, enhance.normalize_min_max(x))

    def sharpness(x: Tensor, more: Tensor) -> Tensor:
        return enhance.sharpness(x, 1 + more) if min(x.shape[-2:]) > 2 else x  # it has no inside

    return {
        "identity": lambda x, _: x,
        # a shear holds the upper left corner, half a pixel away from the first pixel's middle
        "shear_x": lambda x, m: warp(x, _matrix(m, {(0, 1): m, (0, 2): m / 2})),
        "shear_y": lambda x, m: warp(x, _matrix(m, {(1, 0): m, (1, 2): m / 2})),
        "translate_x": lambda x, m: warp(x, _matrix(m, {(0, 2): (m * x.shape[-1]).trunc()})),
        "translate_y": lambda x, m: warp(x, _matrix(m, {(1, 2): (m * x.shape[-2]).trunc()})),
        "rotate": rotate,
        "brightness": lambda x, m: enhance.adjust_brightness_accumulative(x, 1 + m),
        "color": lambda x, m: enhance.adjust_saturation_with_gray_subtraction(x, 1 + m),
        "contrast": lambda x, m: enhance.adjust_contrast_with_mean_subtraction(x, 1 + m),
        "sharpness": sharpness,
        "posterize": lambda x, m: enhance.posterize(x, m.round().int()),
        "solarize": lambda x, m: enhance.solarize(x, m),
        "auto_contrast": auto_contrast,
        "equalize": lambda x, _: enhance.equalize(x),
        "invert": lambda x, _: enhance.invert(x),
    }


def _matrix(m: Tensor, entries: dict[tuple[int, int], Tensor]) -> Tensor:
    """Return identity maps of shape (n, 2, 3) with other values in some entries."""
    matrix = torch.eye(2, 3, device=m.device).repeat(len(m), 1, 1)
    for (row, column), value in entries.items():
        matrix[:, row, column] = value
    return matrix
