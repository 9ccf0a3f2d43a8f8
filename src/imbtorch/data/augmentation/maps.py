"""Shear, translation and rotation of many images: nearest pixel, black where nothing was."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Numbers: TypeAlias = NDArray[np.floating]
Map = Callable[[Numbers, int, int], Numbers]
"""Magnitudes (n,), height and width -> (n, 6), the numbers a to f of each image: the pixel at
(x, y) is taken from (a x + b y + c, d x + e y + f), where (0, 0) is the upper left corner."""


def _map(m: Numbers, **entries: Numbers) -> Numbers:
    """Return maps that are the identity in all but some numbers."""
    maps = np.tile([1.0, 0, 0, 0, 1, 0], (len(m), 1))
    for name, values in entries.items():
        maps[:, "abcdef".index(name)] = values
    return maps


def rotation(m: Numbers, height: int, width: int) -> Numbers:
    """Turn by m degrees around the middle, against the clock."""
    angle = np.deg2rad(m.astype(np.float64))
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = width / 2, height / 2
    c, f = x - cos * x + sin * y, y - sin * x - cos * y
    return _map(m, a=cos, b=-sin, c=c, d=sin, e=cos, f=f)


MAPS: dict[str, Map] = {
    "shear_x": lambda m, *_: _map(m, b=-m),
    "shear_y": lambda m, *_: _map(m, d=-m),
    "translate_x": lambda m, height, width: _map(m, c=-np.trunc(m * width)),
    "translate_y": lambda m, height, width: _map(m, f=-np.trunc(m * height)),
    "rotate": rotation,
}


def warp(x: Tensor, maps: Numbers) -> Tensor:
    """Move the pixels of each image by a map of its own, in steps of 1/65,536 as Pillow does."""
    height, width = x.shape[2:]
    maps[:, 2::3] += (maps[:, ::3] + maps[:, 1::3]) / 2  # from middle to middle of pixels
    fixed = torch.from_numpy(np.floor(maps * 65536 + 0.5).astype(np.int64))
    a, b, c, d, e, f = fixed.to(x.device)[:, :, None, None].unbind(1)
    column, row = torch.arange(width, device=x.device), torch.arange(height, device=x.device)
    left = (a * column + (b * row[:, None] + c) >> 16).clamp_(-1, width)
    top = (d * column + (e * row[:, None] + f) >> 16).clamp_(-1, height)
    framed = F.pad(x, (1, 1, 1, 1)).flatten(2)
    source = (top * (width + 2) + left + (width + 3)).flatten(1)
    return framed.gather(2, source[:, None].expand(-1, x.shape[1], -1)).view(x.shape)
