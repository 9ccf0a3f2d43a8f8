"""Shear, translation and rotation of many images: nearest pixel, black where nothing was."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Map = Callable[[Tensor, int, int], Tensor]
"""Magnitudes (n,), height and width -> matrices (n, 2, 3) in float64: the pixel at (x, y) is taken
from their product with (x, y, 1), where (0, 0) is the upper left corner of the image."""


def _map(m: Tensor, **entries: Tensor) -> Tensor:
    """Return (x, y) -> (a x + b y + c, d x + e y + f), by default the identity."""
    matrix = torch.tensor([1.0, 0, 0, 0, 1, 0], dtype=torch.float64).repeat(len(m), 1)
    for name, values in entries.items():
        matrix[:, "abcdef".index(name)] = values
    return matrix.view(-1, 2, 3)


def rotation(m: Tensor, height: int, width: int) -> Tensor:
    """Turn by m degrees around the middle, against the clock."""
    angle = m.double().deg2rad()
    cos, sin = angle.cos(), angle.sin()
    x, y = width / 2, height / 2
    c, f = x - cos * x + sin * y, y - sin * x - cos * y
    return _map(m, a=cos, b=-sin, c=c, d=sin, e=cos, f=f)


MAPS: dict[str, Map] = {
    "shear_x": lambda m, *_: _map(m, b=-m),
    "shear_y": lambda m, *_: _map(m, d=-m),
    "translate_x": lambda m, height, width: _map(m, c=-(m * width).trunc()),
    "translate_y": lambda m, height, width: _map(m, f=-(m * height).trunc()),
    "rotate": rotation,
}


def warp(x: Tensor, matrices: Tensor) -> Tensor:
    """Move the pixels of each image by a map of its own, in steps of 1/65,536 as Pillow does."""
    height, width = x.shape[2:]
    matrices[:, :, 2] += matrices[:, :, :2].mean(2)  # from middle to middle of pixels
    fixed = (matrices * 65536 + 0.5).floor_().long().to(x.device).unsqueeze(3)
    (a, b, c), (d, e, f) = (row.split(1, 1) for row in fixed.unbind(1))
    column, row = torch.arange(width, device=x.device), torch.arange(height, device=x.device)
    left = (a * column + (b * row[:, None] + c) >> 16).clamp_(-1, width)
    top = (d * column + (e * row[:, None] + f) >> 16).clamp_(-1, height)
    framed = F.pad(x, (1, 1, 1, 1)).flatten(2)
    source = (top * (width + 2) + left + (width + 3)).flatten(1)
    return framed.gather(2, source[:, None].expand(-1, x.shape[1], -1)).view(x.shape)
