"""Shear, translation and rotation of many images: nearest pixel, black where nothing was."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Map = Callable[[Tensor, int, int], tuple[Tensor | float, ...]]
"""Magnitudes (n,) in float64, height and width -> (a, b, c, d, e, f): the pixel at (x, y) is taken
from (a x + b y + c, d x + e y + f), where (0, 0) is the upper left corner of the image."""


def rotation(m: Tensor, height: int, width: int) -> tuple[Tensor | float, ...]:
    """Turn by m degrees around the middle, against the clock."""
    cos, sin = m.deg2rad().cos(), m.deg2rad().sin()
    x, y = width / 2, height / 2
    return cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y


MAPS: dict[str, Map] = {
    "shear_x": lambda m, *_: (1, -m, 0, 0, 1, 0),
    "shear_y": lambda m, *_: (1, 0, 0, -m, 1, 0),
    "translate_x": lambda m, height, width: (1, 0, -(m * width).trunc(), 0, 1, 0),
    "translate_y": lambda m, height, width: (1, 0, 0, 0, 1, -(m * height).trunc()),
    "rotate": rotation,
}


def warp(x: Tensor, entries: tuple[Tensor | float, ...]) -> Tensor:
    """Move the pixels of each image by a map of its own, in steps of 1/65,536 as Pillow does."""
    height, width = x.shape[2:]
    a, b, c, d, e, f = (torch.as_tensor(entry, dtype=torch.float64) for entry in entries)
    fixed = [a, b, c + (a + b) / 2, d, e, f + (d + e) / 2]  # from middle to middle of pixels
    whole = torch.stack([(v * 65536 + 0.5).floor().expand(len(x)) for v in fixed]).long()
    a, b, c, d, e, f = whole.to(x.device)[:, :, None, None]
    row = torch.arange(height, device=x.device)[:, None]
    column = torch.arange(width, device=x.device)
    left = (a * column + (b * row + c) >> 16).clamp_(-1, width) + 1
    top = (d * column + (e * row + f) >> 16).clamp_(-1, height) + 1
    framed = F.pad(x, (1, 1, 1, 1)).flatten(2)
    source = (top * (width + 2) + left).flatten(1)[:, None].expand(-1, x.shape[1], -1)
    return framed.gather(2, source).view(x.shape)
