"""AutoAugment, RandAugment and TrivialAugment: operations drawn anew for each image of a batch.

All images of the batch with one operation go through it at once, each with its own magnitude.
"""

from collections.abc import Iterable
from functools import cache

import torch
from torch import Tensor

from imbtorch.data.augmentation.auto_policies import AUTO_POLICIES
from imbtorch.data.augmentation.operations import OPERATIONS
from imbtorch.data.checks import check_pixels
from imbtorch.errors import InputError, unknown_name
from imbtorch.option_types import check_types

Ranges = dict[str, tuple[float, float]]
"""Operation -> its magnitude at strength 0 and at strength 1. One that begins at 0 has a sign."""
Drawn = tuple[Tensor, Tensor]
"""For each image, the index of an operation and its strength in 0..1, both of shape (B,)."""
BLOCK = 2**18
"""Values that an operation takes at once, so that its memory does not grow with the batch."""

_FACTORS = ("brightness", "color", "contrast", "sharpness")
RANGES: Ranges = {
    "identity": (0.0, 0.0),
    "shear_x": (0.0, 0.3),
    "shear_y": (0.0, 0.3),
    "translate_x": (0.0, 150 / 331),
    "translate_y": (0.0, 150 / 331),
    "rotate": (0.0, 30.0),
    **dict.fromkeys(_FACTORS, (0.0, 0.9)),
    "posterize": (8.0, 4.0),
    "solarize": (1.0, 0.0),
    "auto_contrast": (0.0, 0.0),
    "equalize": (0.0, 0.0),
}
"""RandAugment's space."""
AUTO: Ranges = {**RANGES, "invert": (0.0, 0.0)}
"""AutoAugment's space."""
WIDE: Ranges = {
    **RANGES,
    "shear_x": (0.0, 0.99),
    "shear_y": (0.0, 0.99),
    "rotate": (0.0, 135.0),
    **dict.fromkeys(_FACTORS, (0.0, 0.99)),
    "posterize": (8.0, 2.0),
}
"""TrivialAugment's wide space; how far it translates depends on the size of the images."""


def trivial_augment(x: Tensor, rng: torch.Generator) -> Tensor:
    """Apply one operation, drawn uniformly, with a uniform strength to each image: TrivialAugment.

    The 14 operations are identity, shear and translation (horizontal, vertical), rotation,
    brightness, color, contrast, sharpness, posterize, solarize, auto-contrast and equalize. The
    strength is k / 30 with k from 0, ..., 30, and most of them have a random sign. At strength 1
    (the paper's wide space): slope .99, 32 pixels, 135 degrees, factor 1 ± .99, 2 bits,
    threshold 0.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), uint8 or float in 0..1
        Images, C = 1 (gray; color is the identity there) or 3. Floats are rounded to k / 255.
    rng : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    TrivialAugment (Müller and Hutter, ICCV 2021), section 3 and the wide space of its appendix.
    Differs from the paper: images smaller than 32 pixels are moved by up to their whole side.

    Examples
    --------
    >>> x = torch.full((4, 3, 32, 32), 99, dtype=torch.uint8)
    >>> trivial_augment(x, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 3, 32, 32])
    """
    check_pixels(x, "trivial_augment", colors=True)
    height, width = x.shape[2:]
    far = {"translate_x": (0.0, min(32 / width, 1.0)), "translate_y": (0.0, min(32 / height, 1.0))}
    drawn = torch.randint(len(WIDE), (len(x),), generator=rng)
    strength = torch.randint(31, (len(x),), generator=rng) / 30
    return _transformed(x, [(drawn, strength)], {**WIDE, **far}, rng)


def rand_augment(
    x: Tensor, rng: torch.Generator, num_ops: int = 2, magnitude: float = 9.0
) -> Tensor:
    """Apply some operations, drawn uniformly, with one strength to each image: RandAugment.

    The operations are those of `trivial_augment`, drawn with replacement. The strength is
    `magnitude` / 10, most of them have a random sign. At strength 1: slope .3, 150 / 331 of the
    side, 30 degrees, factor 1 ± .9, 4 bits, threshold 0.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), uint8 or float in 0..1
        Images, C = 1 (gray; color is the identity there) or 3. Floats are rounded to k / 255.
    rng : torch.Generator
        On the CPU.
    num_ops : int, default=2
        Operations in a row, the paper's N.
    magnitude : float, default=9.0
        From 0 to 10, the paper's M.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    RandAugment (Cubuk et al., NeurIPS 2020), section 3; N = 2 and M = 9 are its choice for
    ResNet-50 on ImageNet. torchvision counts M from 0 to 30: there this is 27, not its default 9.

    Examples
    --------
    >>> x = torch.full((4, 1, 8, 8), 0.5)
    >>> rand_augment(x, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 1, 8, 8])
    """
    check_types(rand_augment, {"num_ops": num_ops, "magnitude": magnitude})
    if num_ops < 1:
        raise InputError(f"num_ops is {num_ops}; it must be at least 1")
    if not 0 <= magnitude <= 10:
        raise InputError(f"magnitude is {magnitude}; it must lie in 0..10")
    check_pixels(x, "rand_augment", colors=True)
    drawn = torch.randint(len(RANGES), (num_ops, len(x)), generator=rng)
    strength = torch.full((len(x),), magnitude / 10)
    return _transformed(x, [(row, strength) for row in drawn], RANGES, rng)


def auto_augment(x: Tensor, rng: torch.Generator, policy: str = "cifar") -> Tensor:
    """Apply one of AutoAugment's 25 sub-policies, drawn uniformly, to each image.

    A sub-policy is two operations in a row, each with its probability and its strength m / 9,
    m = 0, ..., 9; most of them have a random sign. Their ranges are those of `rand_augment`.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W), uint8 or float in 0..1
        Images, C = 1 (gray; color is the identity there) or 3. Floats are rounded to k / 255.
    rng : torch.Generator
        On the CPU.
    policy : str, default="cifar"
        The policy found on ``"cifar"`` (CIFAR-10, small images) or ``"imagenet"`` (photographs).

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    AutoAugment (Cubuk et al., CVPR 2019), section 3 and the tables of its supplement. Differs from
    the paper, as torchvision does: factors are 1 ± .1 m instead of .1 + .18 m.

    Examples
    --------
    >>> x = torch.full((4, 3, 32, 32), 99, dtype=torch.uint8)
    >>> auto_augment(x, torch.Generator().manual_seed(0)).dtype
    torch.uint8
    """
    check_pixels(x, "auto_augment", colors=True)
    if policy not in AUTO_POLICIES:
        raise unknown_name("policy", policy, AUTO_POLICIES)
    sub_policies = _sub_policies(policy)
    which = torch.randint(len(sub_policies), (len(x),), generator=rng)
    steps = sub_policies[which].unbind(1)
    chances = torch.rand(2, len(x), generator=rng)
    identity = torch.zeros_like(which)
    stages = [
        (torch.where(chance < step[:, 1], step[:, 0].long(), identity), step[:, 2])
        for step, chance in zip(steps, chances, strict=True)
    ]
    return _transformed(x, stages, AUTO, rng)


@cache
def _sub_policies(policy: str) -> Tensor:
    """Return the index, probability and strength of the operations, of shape (25, 2, 3)."""
    names = list(AUTO)
    return torch.tensor(
        [
            [(names.index(name), p, (m or 0) / 9) for name, p, m in sub_policy]
            for sub_policy in AUTO_POLICIES[policy]
        ]
    )


def _transformed(
    x: Tensor, stages: Iterable[Drawn], ranges: Ranges, rng: torch.Generator
) -> Tensor:
    """Apply to each image the operations that were drawn for it, all images of one at once."""
    bounds = torch.tensor([*ranges.values()])
    out = x if x.dtype == torch.uint8 else (x * 255).round().to(torch.uint8)
    block = max(BLOCK // max(x[:1].numel(), 1), 1)
    for drawn, strength in stages:
        low, high = bounds[drawn].T
        sign = 1 - 2 * torch.randint(2, (len(x),), generator=rng)
        magnitude = (low + strength * (high - low)) * torch.where(low == 0, sign, 1)
        order = drawn.argsort(stable=True)
        sizes = drawn.bincount(minlength=len(ranges)).tolist()
        images = torch.split(out.index_select(0, order.to(x.device)), sizes)
        magnitudes = torch.split(magnitude[order], sizes)
        made = [
            OPERATIONS[name](part, m)
            for name, chosen, own in zip(ranges, images, magnitudes, strict=True)
            for part, m in zip(torch.split(chosen, block), torch.split(own, block), strict=True)
            if len(part)
        ]
        out = torch.cat(made or [out]).index_select(0, order.argsort().to(x.device))
    return out if x.dtype == torch.uint8 else out.to(x.dtype).div_(255)
