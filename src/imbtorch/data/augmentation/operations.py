"""The image operations of AutoAugment's family on many uint8 images at once, as Pillow has them.

Each gives Pillow's own values; what acts on each value by itself is a table of 256 values.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from imbtorch.data.augmentation.maps import MAPS, warp

Operation = Callable[[Tensor, Tensor], Tensor]
"""uint8 images (n, C, H, W), C = 1 or 3, and n magnitudes on the CPU -> images."""
RED, GREEN, BLUE, HALF = 19595, 38470, 7471, 32768
"""Shares of the colors in a gray value, of 65,536."""


def color(x: Tensor, m: Tensor) -> Tensor:
    """Move each pixel away from its gray value by the factor 1 + m; gray images stay."""
    return x if x.shape[1] == 1 else _blend(_gray(x), x, m)


def sharpness(x: Tensor, m: Tensor) -> Tensor:
    """Move each pixel away from the mean of its neighborhood by 1 + m; the border stays.

    In the mean, of 3 × 3 pixels, the middle counts five times.
    """
    if min(x.shape[-2:]) < 3:
        return x  # there is nothing but border
    sums = x.short()
    rows = sums[..., :-2, :] + sums[..., 1:-1, :] + sums[..., 2:, :]
    inner = sums[..., 1:-1, 1:-1]
    sums = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * inner
    out = x.clone()
    out[..., 1:-1, 1:-1] = _blend(sums.float().add_(6.5).div_(13).floor_(), inner, m)
    return out


def brightness(x: Tensor, m: Tensor) -> Tensor:
    """Multiply each value by 1 + m."""
    return _look_up(x, _blend(torch.zeros((), device=x.device), _values(x), m))


def contrast(x: Tensor, m: Tensor) -> Tensor:
    """Move each value away from the mean gray value of the image by 1 + m."""
    gray = (x if x.shape[1] == 1 else _gray(x)).flatten(1)
    size = gray.shape[1]
    mean = (2 * gray.sum(1) + size).div(2 * size, rounding_mode="floor")  # rounded half up
    return _look_up(x, _blend(mean.view(-1, 1, 1, 1), _values(x), m))


def posterize(x: Tensor, m: Tensor) -> Tensor:
    """Keep the m highest bits of each value."""
    return x & _each(256 - 2 ** (8 - m.round()), x).to(torch.uint8)


def solarize(x: Tensor, m: Tensor) -> Tensor:
    """Invert the values from 255 m on."""
    threshold = (255 * m).round(decimals=3).ceil().to(torch.uint8)
    return x ^ 255 * (x >= _each(threshold, x)).to(torch.uint8)


def auto_contrast(x: Tensor, m: Tensor) -> Tensor:
    """Stretch the values of each channel to 0..255; a channel of one value stays."""
    lowest, highest = x.amin((2, 3)), x.amax((2, 3))
    exact = torch.float32 if x.device.type == "mps" else torch.float64  # as Pillow, where there is
    low, wide = lowest[..., None].to(exact), (highest - lowest)[..., None].to(exact)
    scale = torch.full_like(wide, 255) / wide.clamp(min=1)
    stretched = (_values(x) * scale - low * scale).clamp_(0, 255)
    return _look_up(x, torch.where(wide > 0, stretched, _values(x)).to(torch.uint8))


def equalize(x: Tensor, m: Tensor) -> Tensor:
    """Give each channel an even histogram; a channel of one value stays."""
    values = x.flatten(2).long()
    counts = torch.zeros(*x.shape[:2], 256, dtype=torch.int32, device=x.device)
    counts.scatter_add_(2, values, torch.ones_like(values, dtype=torch.int32))
    highest = x.amax((2, 3)).long()[..., None]
    step = (values.shape[2] - counts.gather(2, highest)) // 255
    below = counts.cumsum(2, dtype=torch.int32) - counts
    even = (below + step // 2).div(step.clamp(min=1), rounding_mode="floor").clamp_(max=255)
    return _look_up(x, torch.where(step > 0, even, _values(x).int()).to(torch.uint8))


def _each(values: Tensor, x: Tensor) -> Tensor:
    """Return a number for each image in the shape (n, 1, 1, 1), on the device of the images."""
    return values.to(x.device).view(-1, 1, 1, 1)


def _values(x: Tensor) -> Tensor:
    return torch.arange(256.0, device=x.device)


def _look_up(x: Tensor, table: Tensor) -> Tensor:
    """Return table[i, c, v] for each value v; a table (n, ..., 256) may be the same for all c."""
    table = table.view(len(x), -1, 256).expand(-1, x.shape[1], -1)
    return table.gather(2, x.flatten(2).long()).view(x.shape)


def _gray(x: Tensor) -> Tensor:
    red, green, blue = x.int().unbind(1)
    gray: Tensor = (RED * red + GREEN * green + BLUE * blue + HALF) >> 16
    return gray[:, None]


def _blend(origin: Tensor, x: Tensor, m: Tensor) -> Tensor:
    """Return origin + (1 + m) (x - origin), cut off to whole numbers in 0..255."""
    away = (x.float() - origin) * _each(1 + m, x)
    return away.add_(origin).clamp_(0, 255).to(torch.uint8)


def _moved(x: Tensor, m: Tensor, name: str) -> Tensor:
    return warp(x, MAPS[name](m.numpy(), *x.shape[2:]))


OPERATIONS: dict[str, Operation] = {
    "identity": lambda x, _: x,
    **{name: partial(_moved, name=name) for name in MAPS},
    "brightness": brightness,
    "color": color,
    "contrast": contrast,
    "sharpness": sharpness,
    "posterize": posterize,
    "solarize": solarize,
    "auto_contrast": auto_contrast,
    "equalize": equalize,
    "invert": lambda x, _: 255 - x,
}
"""Each image has a magnitude of its own: a slope (shear), a share of the width or height
(translate), degrees (rotate), the difference to a factor of 1 (brightness, color, contrast,
sharpness), bits that stay (posterize) or the share of 255 from which on values are inverted."""
