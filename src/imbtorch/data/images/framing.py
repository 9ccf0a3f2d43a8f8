"""How an image is brought to the size that a network takes: stretched, or scaled and cut."""

from math import floor
from typing import Any

from imbtorch.data.images.decode import MAX_PIXELS, size_in_words
from imbtorch.errors import InputError, unknown_name
from imbtorch.extras import extra

Size = tuple[int, int]
"""Height and width in pixels."""
FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
"""Pillow's names of the filters, in lower case."""
SMALLEST_CROP = 0.1
"""A share of less is refused: images would be enlarged without bound."""


def check_framing(crop: float | None, interpolation: str) -> None:
    """Raise an InputError for a share or a filter that no image can be read with."""
    if crop is not None and not SMALLEST_CROP <= crop <= 1:
        raise InputError(f"crop is {crop!r}; a share from {SMALLEST_CROP} to 1 is needed")
    if interpolation not in FILTERS:
        raise unknown_name("interpolation", interpolation, FILTERS)


def covering(stored: Size, size: Size, crop: float) -> Size:
    """Return the size to which an image is scaled so that it covers size / crop.

    Its aspect ratio is kept; fractions of a pixel are dropped, as timm and torchvision do.

    Examples
    --------
    >>> covering((427, 640), (224, 224), 0.875)
    (256, 383)
    """
    height, width = stored
    least_height, least_width = (floor(side / crop + 1e-6) for side in size)
    if least_height * width >= least_width * height:
        return least_height, least_height * width // height
    return least_width * height // width, least_width


def framed(image: Any, size: Size, crop: float | None, interpolation: str) -> Any:
    """Return a Pillow image at `size`: stretched if `crop` is None, else the middle of it.

    An image so narrow that it would be enlarged beyond `MAX_PIXELS` is a ValueError.
    """
    with extra("cli", "a data set of images"):
        from PIL.Image import Resampling

    stored = image.size[::-1]
    scaled = size if crop is None else covering(stored, size, crop)
    if scaled[0] * scaled[1] > MAX_PIXELS:
        raise ValueError(
            f"{size_in_words(stored)} pixels are too narrow to be cut to {size_in_words(size)}"
        )
    if scaled != stored:
        image = image.resize(scaled[::-1], Resampling[interpolation.upper()])
    if scaled != size:  # cut here, not with `resize(box=...)`, which rounds in another way
        top, left = (round((a - b) / 2) for a, b in zip(scaled, size, strict=True))
        image = image.crop((left, top, left + size[1], top + size[0]))
    return image


def usual_size(sizes: dict[Size, int]) -> Size:
    """Return the size that images of several sizes, size -> how many, are brought to.

    That is the size of more than half of them, if it is at most `LARGEST`; else a square of the
    median of their shorter sides, rounded to a multiple of `STEP`, at most `SQUARE`.

    Examples
    --------
    >>> usual_size({(32, 32): 3, (300, 200): 2}), usual_size({(300, 200): 2, (90, 100): 2})
    ((32, 32), (64, 64))
    """
    looked = sum(sizes.values())
    most = max(sizes, key=sizes.__getitem__)
    if max(most) <= LARGEST and 2 * sizes[most] > looked:
        return most
    shorter = sorted(min(size) for size, n in sizes.items() for _ in range(n))
    median = (shorter[(looked - 1) // 2] + shorter[looked // 2]) / 2
    side = min(max(round(median / STEP), 1) * STEP, SQUARE)
    return side, side


LARGEST, SQUARE = 96, 64
"""The largest sizes, in pixels, that are chosen where nobody names one: of images that have one
size, and of others. An image of 224 x 224 has 49 times the pixels of one of 32 x 32, and training a
network from random weights costs as much more."""
STEP = 16
"""Chosen sizes are multiples of it: networks halve them up to four times."""
