"""Cutout and random erasing: a part of each image is hidden."""

import torch
from torch import Tensor

from imbtorch.data.checks import check_images, check_pixels
from imbtorch.errors import InputError
from imbtorch.option_types import check_types, check_whole

AREA, ASPECT = (0.02, 0.4), (0.3, 1 / 0.3)
"""Random erasing: the share of the image that is erased, and its height over its width."""
TRIES = 10
"""Rectangles that are drawn for an image; the first that fits is taken."""


def cutout(x: Tensor, rng: torch.Generator, size: int | None = None) -> Tensor:
    """Hide a square of each image under the mean color of the batch.

    The center is uniform over the pixels; the square is clipped at the border.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), any dtype
        Images.
    rng : torch.Generator
        On the CPU.
    size : int, optional
        Side in pixels, by default half of the shorter side of the images (16 of 32, as in the
        papers).

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    Cutout (DeVries and Taylor, 2017), section 3: zeros after normalization, that is the mean of
    the data; the mean of the batch stands for it here.

    Examples
    --------
    >>> x = torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 4, 4)
    >>> cutout(x, torch.Generator().manual_seed(0))[1, 0]
    tensor([[1.0000, 1.0000, 1.0000, 1.0000],
            [1.0000, 1.0000, 1.0000, 1.0000],
            [0.5000, 1.0000, 1.0000, 1.0000],
            [0.5000, 1.0000, 1.0000, 1.0000]])
    """
    check_images(x)
    if size is not None:
        check_whole("size", size, 1)
    batch, _, height, width = x.shape
    side = torch.tensor(max(min(height, width) // 2, 1) if size is None else size)
    top = torch.randint(height, (batch,), generator=rng) - side // 2
    left = torch.randint(width, (batch,), generator=rng) - side // 2
    mean = x.float().mean((0, 2, 3), keepdim=True)
    if not x.is_floating_point():
        mean = mean.round()
    return _covered(x, mean.to(x.dtype), _inside(x, top, left, side, side))


def random_erasing(x: Tensor, rng: torch.Generator, p: float = 0.5) -> Tensor:
    """Overwrite a rectangle of each image with random pixels, with probability p.

    Its area is uniform in .02..0.4 of the image's, its height over its width uniform in .3..3.33,
    its place uniform among those inside the image; each value is uniform.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), uint8 or float in 0..1
        Images.
    rng : torch.Generator
        On the CPU.
    p : float, default=0.5
        Probability that an image loses a part; .25 is usual in fine-tuning.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    Random Erasing (Zhong et al., AAAI 2020), section 3, with its setting for CIFAR. Differs from
    torchvision, which takes areas up to .33, the logarithm of the ratio uniform, and black.

    Examples
    --------
    >>> x = torch.zeros(200, 1, 8, 8, dtype=torch.uint8)
    >>> erased = random_erasing(x, torch.Generator().manual_seed(0))
    >>> int(erased.flatten(1).any(1).sum())  # of 200
    95
    """
    check_types(random_erasing, {"p": p})
    if not 0 <= p <= 1:
        raise InputError(f"p is {p}; it must lie in 0..1")
    check_pixels(x, "random erasing")
    batch, _, height, width = x.shape
    area, aspect = (
        torch.empty(TRIES, batch).uniform_(*bounds, generator=rng) for bounds in (AREA, ASPECT)
    )
    tall = (height * width * area * aspect).sqrt().round().clamp(min=1)
    wide = (height * width * area / aspect).sqrt().round().clamp(min=1)
    fits = (tall < height) & (wide < width)
    first = fits.int().argmax(0, keepdim=True)
    tall, wide, fits = (drawn.gather(0, first)[0] for drawn in (tall, wide, fits))
    place = torch.rand(2, batch, generator=rng)
    top, left = ((height - tall + 1) * place[0]).floor(), ((width - wide + 1) * place[1]).floor()
    chosen = (fits & (torch.rand(batch, generator=rng) < p)).nonzero()[:, 0]
    shape = (len(chosen), *x.shape[1:])
    if x.dtype == torch.uint8:
        noise = torch.randint(256, shape, generator=rng, dtype=torch.uint8)
    else:
        noise = torch.rand(shape, generator=rng).to(x.dtype)
    there = chosen.to(x.device)
    kept = x.index_select(0, there)
    rectangle = _inside(kept, *(drawn[chosen] for drawn in (top, left, tall, wide)))
    return x.index_copy(0, there, _covered(kept, noise.to(x.device), rectangle))


def _covered(x: Tensor, cover: Tensor, inside: Tensor) -> Tensor:
    """Return `cover` inside and `x` elsewhere."""
    if x.is_floating_point():
        return torch.where(inside, cover, x)
    return x * ~inside + cover * inside  # where() takes long for bytes


def _inside(x: Tensor, top: Tensor, left: Tensor, tall: Tensor, wide: Tensor) -> Tensor:
    """Return which pixels lie in the rectangles of the images, of shape (B, 1, H, W)."""
    rows, columns = (torch.arange(side) for side in x.shape[2:])
    in_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    return in_rows.to(x.device)[:, None, :, None] & in_columns.to(x.device)[:, None, None, :]
