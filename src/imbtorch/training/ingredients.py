"""Ingredients that change how any recipe is trained, and presets: several methods by one name."""

from imbtorch.errors import InputError
from imbtorch.method import Method

STRONG = "balanced-softmax+proco+autoaugment+cosine+ema"
STRONG_FAST = "balanced-softmax+autoaugment+cosine+ema"
"""What the presets are short for."""


def autoaugment() -> str:
    """Return the name of the augmentation: crops and flips, CIFAR's AutoAugment, then Cutout."""
    return "crop-flip+auto:cifar+cutout"


def cosine() -> dict[str, str]:
    """Return the set-up's values of a cosine schedule: after the warm-up the rate falls to 0."""
    return {"schedule": "cosine"}


def ema(decay: float = 0.999) -> dict[str, float]:
    """Return the set-up's values of a moving average of the weights.

    Parameters
    ----------
    decay : float, default=0.999
        Per step, in (0, 1), see `imbtorch.training.average`.
    """
    if not 0 < decay < 1:
        raise InputError(f"decay is {decay}; it must be in (0, 1)")
    return {"ema": decay}


METHODS = (
    Method(
        "autoaugment",
        "augmentation",
        "crops, flips, CIFAR's AutoAugment policy and Cutout, on images",
        slots={"augment": autoaugment},
        paper="Cubuk et al., CVPR 2019; DeVries and Taylor, 2017",
        cost="no pass; the operations on the images",
        page="strong",
    ),
    Method(
        "cosine",
        "schedule",
        "a learning rate that falls to 0 along a cosine, after the warm-up",
        slots={"setup": cosine},
        paper="Loshchilov and Hutter, ICLR 2017",
        page="strong",
    ),
    Method(
        "ema",
        "average",
        "a moving average of the weights, which is what is measured and kept",
        slots={"setup": ema},
        paper="Polyak and Juditsky, 1992; Tarvainen and Valpola, NeurIPS 2017",
        cost="one addition a step",
        page="strong",
    ),
    Method(
        "strong",
        "preset",
        f"short for {STRONG}",
        recipe=STRONG,
        paper="its parts'",
        cost="ProCo's two further views: three passes",
        page="strong",
    ),
    Method(
        "strong-fast",
        "preset",
        f"short for {STRONG_FAST}, which need one pass",
        recipe=STRONG_FAST,
        paper="its parts'",
        cost="the operations on the images",
        page="strong",
    ),
)
"""Rows of the catalog."""
