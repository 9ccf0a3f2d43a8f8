"""Augmentation of a whole batch of images, on its device: crops, flips, and all by their names."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.data.augmentation.erasing import cutout, random_erasing
from imbtorch.data.augmentation.operations import image_operations
from imbtorch.data.augmentation.policies import auto_augment, rand_augment, trivial_augment
from imbtorch.data.augmentation.sim import sim_augment
from imbtorch.data.checks import check_images
from imbtorch.errors import InputError, unknown_name

Augment = Callable[[Tensor, torch.Generator], Tensor]
"""A batch of images (B, C, H, W) and a generator on the CPU -> a batch of the same shape."""


def random_crop(x: Tensor, rng: torch.Generator, padding: int | None = None) -> Tensor:
    """Shift each image by up to `padding` pixels in each direction; the new border is black.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), any dtype
        Images.
    rng : torch.Generator
        On the CPU.
    padding : int, optional
        Pixels, by default an eighth of the height (4 of 32, as in the papers).

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> x = torch.ones(2, 1, 8, 8)
    >>> random_crop(x, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 8, 8])
    """
    check_images(x)
    batch, _, height, width = x.shape
    pad = max(height // 8, 1) if padding is None else padding
    if pad < 0:
        raise InputError(f"padding is {padding}; it must be at least 0")
    shifts = torch.randint(0, 2 * pad + 1, (2, batch, 1), generator=rng).to(x.device)
    rows = shifts[0] + torch.arange(height, device=x.device)
    columns = shifts[1] + torch.arange(width, device=x.device)
    images = torch.arange(batch, device=x.device)
    padded = F.pad(x, (pad, pad, pad, pad)).permute(0, 2, 3, 1)
    cropped = padded[images[:, None, None], rows[:, :, None], columns[:, None, :]]
    return cropped.permute(0, 3, 1, 2)


def random_flip(x: Tensor, rng: torch.Generator) -> Tensor:
    """Mirror each image left to right with probability 1/2.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), any dtype
        Images.
    rng : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> x = torch.arange(3.0).expand(8, 1, 1, 3)
    >>> flipped = random_flip(x, torch.Generator().manual_seed(0))
    >>> sorted({tuple(image.flatten().tolist()) for image in flipped})
    [(0.0, 1.0, 2.0), (2.0, 1.0, 0.0)]
    """
    check_images(x)
    chosen = torch.rand(len(x), generator=rng).to(x.device) < 0.5
    return torch.where(chosen[:, None, None, None], x.flip(-1), x)


def crop_flip(x: Tensor, rng: torch.Generator, padding: int | None = None) -> Tensor:
    """Apply `random_crop`, then `random_flip`: the papers' augmentation for CIFAR.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), any dtype
        Images.
    rng : torch.Generator
        On the CPU.
    padding : int, optional
        Pixels, see `random_crop`.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> crop_flip(torch.ones(2, 3, 32, 32), torch.Generator()).shape
    torch.Size([2, 3, 32, 32])
    """
    return random_flip(random_crop(x, rng, padding), rng)


AUGMENTS: dict[str, Augment] = {
    "crop": random_crop,
    "crop-flip": crop_flip,
    "cutout": cutout,
    "erase": random_erasing,
    "sim": sim_augment,
    "trivial": trivial_augment,
    "rand": rand_augment,
    "auto:cifar": auto_augment,
    "auto:imagenet": partial(auto_augment, policy="imagenet"),
}
NEED_KORNIA = ("trivial", "rand", "auto:cifar", "auto:imagenet")


def augment_by_name(name: str) -> Augment | None:
    """Return the augmentation called `name`.

    Parameters
    ----------
    name : str
        crop, crop-flip, cutout, erase (`random_erasing`), sim (`sim_augment`), trivial
        (`trivial_augment`), rand (`rand_augment`), auto:cifar or auto:imagenet (`auto_augment`), or
        several of them joined with ``+`` in the order in which they act; none is no augmentation.

    Returns
    -------
    callable or None
        It takes a batch of images and a generator on the CPU, see `fit`.

    Raises
    ------
    InputError
        If a name is unknown.
    MissingExtra
        If it needs kornia, which is not installed.

    Examples
    --------
    >>> strong = augment_by_name("crop-flip+auto:cifar+cutout")
    >>> x = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    >>> strong(x, torch.Generator()).shape
    torch.Size([2, 3, 32, 32])
    """
    if name == "none":
        return None
    parts = name.split("+")
    for part in parts:
        if part == "auto":
            raise InputError("augment is 'auto'; name the policy: auto:cifar or auto:imagenet")
        if part not in AUGMENTS:
            raise unknown_name("augment", part, ["none", *AUGMENTS])
    if not {*parts}.isdisjoint(NEED_KORNIA):
        image_operations()  # a missing extra is named before the training begins
    steps = tuple(AUGMENTS[part] for part in parts)
    return steps[0] if len(steps) == 1 else partial(in_turn, steps=steps)


def in_turn(x: Tensor, rng: torch.Generator, steps: Sequence[Augment]) -> Tensor:
    """Apply several augmentations, one after the other.

    Examples
    --------
    >>> in_turn(torch.ones(1, 1, 2, 2), torch.Generator(), [random_crop, random_flip]).shape
    torch.Size([1, 1, 2, 2])
    """
    for step in steps:
        x = step(x, rng)
    return x
