"""SimAugment: the crops and colors of contrastive learning, for a whole batch of images."""

from math import log, pi

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.data.as_float import as_float
from imbtorch.data.checks import check_images, check_pixels

AREA, ASPECT = (0.08, 1.0), (3 / 4, 4 / 3)
"""The share of the image that is kept, and its width over its height."""
TRIES = 10
"""Rectangles that are drawn for an image; the first that fits is taken."""
JITTER, HUE = 0.4, 0.1
"""How far brightness, contrast and saturation are from 1, and the hue in turns."""
P_JITTER, P_GRAY = 0.8, 0.2
"""Probabilities that the colors of an image change, and that it becomes gray."""
YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
"""Red, green and blue -> gray and two differences of colors, in which the hue is an angle."""


def sim_augment(x: Tensor, rng: torch.Generator) -> Tensor:
    """Crop, flip and recolor each image as contrastive learning does: SimAugment.

    A part of the image, its area uniform in .08..1 of the image's and its width over its height
    log-uniform in 3/4..4/3, is enlarged to the whole (bilinear), mirrored with probability 1/2;
    with probability .8 the factors of brightness, contrast and saturation become uniform in
    .6..1.4 and the hue turns by up to 36 degrees; with probability .2 the image becomes gray.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), uint8 or float in 0..1
        Images, C = 1 (gray; saturation and hue are nothing there) or 3.
    rng : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    SimCLR (Chen et al., ICML 2020), in the setting for CIFAR of balanced and probabilistic
    contrastive learning (Zhu et al., CVPR 2022; Du et al., TPAMI 2024). Differs from
    torchvision's steps: the hue is the angle in YIQ, not in HSV, so that all changes of the colors
    are one affine map and values are cut off at 0 and 1 once, after all of them.

    Examples
    --------
    >>> x = torch.full((4, 3, 32, 32), 99, dtype=torch.uint8)
    >>> sim_augment(x, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 3, 32, 32])
    """
    check_pixels(x, "sim_augment, which makes the views of proco,", colors=True)
    out = _recolored(resized_crop_flip(as_float(x).float(), rng), rng).clamp_(0, 1)
    return out.mul_(255).round_().to(x.dtype) if x.dtype == torch.uint8 else out.to(x.dtype)


def resized_crop_flip(x: Tensor, rng: torch.Generator) -> Tensor:
    """Enlarge a part of each image to the whole, and mirror it with probability 1/2.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), float
        Images.
    rng : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`. An image for which no rectangle fits stays whole.

    Examples
    --------
    >>> x = torch.ones(2, 1, 8, 8)
    >>> out = resized_crop_flip(x, torch.Generator().manual_seed(0))
    >>> torch.allclose(out, x)
    True
    """
    check_images(x)
    if not len(x):
        return x
    batch, _, height, width = x.shape
    area = torch.empty(TRIES, batch).uniform_(*AREA, generator=rng) * height * width
    aspect = torch.empty(TRIES, batch).uniform_(*map(log, ASPECT), generator=rng).exp()
    wide, tall = (area * aspect).sqrt() / width, (area / aspect).sqrt() / height
    fits = (wide <= 1) & (tall <= 1)
    first = fits.int().argmax(0, keepdim=True)
    none = ~fits.any(0)
    wide, tall = (side.gather(0, first)[0].masked_fill(none, 1) for side in (wide, tall))
    place = torch.rand(2, batch, generator=rng) * 2 - 1
    sign = 1 - 2 * torch.randint(2, (batch,), generator=rng)
    # from -1..1 of what comes out to -1..1 of the image
    maps = torch.zeros(batch, 2, 3)
    maps[:, 0, 0], maps[:, 0, 2] = wide * sign, (1 - wide) * place[0]
    maps[:, 1, 1], maps[:, 1, 2] = tall, (1 - tall) * place[1]
    grid = F.affine_grid(maps.to(x), [*x.shape], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _recolored(x: Tensor, rng: torch.Generator) -> Tensor:
    """Change brightness, contrast, saturation and hue; in YIQ they commute, but for what is cut."""
    batch, channels = x.shape[:2]
    factors = 1 + JITTER * (2 * torch.rand(3, batch, generator=rng) - 1)
    angle = 2 * pi * HUE * (2 * torch.rand(batch, generator=rng) - 1)
    chances = torch.rand(2, batch, generator=rng)
    still = chances[0] >= P_JITTER
    bright, contrast, colored = factors.masked_fill(still, 1)
    angle = angle.masked_fill(still, 0)
    colored = colored.masked_fill(chances[1] < P_GRAY, 0)
    yiq = torch.tensor(YIQ)
    middle = torch.zeros(batch, 3, 3)
    middle[:, 0, 0] = bright * contrast
    across, along = (bright * contrast * colored * turn for turn in (angle.cos(), angle.sin()))
    middle[:, 1, 1], middle[:, 1, 2] = across, -along
    middle[:, 2, 1], middle[:, 2, 2] = along, across
    matrix = (torch.linalg.inv(yiq) @ middle @ yiq).to(x)
    if channels == 1:
        matrix = (bright * contrast).view(batch, 1, 1).to(x)
    gray = x.mean((2, 3)) @ (yiq[0].to(x) if channels == 3 else x.new_ones(1))
    shift = (bright * (1 - contrast)).to(x) * gray
    recolored: Tensor = matrix @ x.flatten(2) + shift[:, None, None]
    return recolored.view_as(x)
