"""Stored images: what there is among them, and how they become tensors."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imbtorch.data.images.decode import (
    RANGES,
    WIDE,
    ScaleError,
    decode_image,
    in_8_bits,
    is_transparent,
    mode_of,
    name_of,
    open_image,
    orientation_of,
    size_in_words,
    unreadable,
    upright_size,
)
from imbtorch.data.images.framing import check_framing, framed, usual_size
from imbtorch.errors import InputError

GRAY = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of gray images."""
LOOKED_AT = 2_000
"""Images whose headers are read to find out what the data set holds, evenly spaced."""
AT_ONCE = 64
"""Images that a thread reads before it takes more: to hand out single ones takes longer."""


class Indexed(Protocol):
    """Rows with a length and access by index."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True)
class Survey:
    """What is among the images that were looked at.

    Attributes
    ----------
    modes, sizes : Counter
        Pillow's modes, and sizes (height, width) of the upright images.
    rotated, transparent, animated : int
        Images with an EXIF orientation, with transparency, with several frames.
    value_range : tuple of float or None
        Range of the values in `WIDE` modes, if there are any; of 16-bit ones that use fewer bits,
        as those of a 12-bit camera do, from 0 to the largest number of so many.
    total : int
        Images in all.
    """

    modes: Counter[str]
    sizes: Counter[tuple[int, int]]
    rotated: int
    transparent: int
    animated: int
    value_range: tuple[float, float] | None
    total: int

    @property
    def channels(self) -> int:
        """1 if all images are gray, else 3."""
        return 1 if all(mode in GRAY for mode in self.modes) else 3

    def notes(self, spec: "ImageInput") -> list[str]:
        """Return what a user should know of the images and of how they are read, in sentences."""
        looked = sum(self.modes.values())
        low, high = (tuple(f(size[i] for size in self.sizes) for i in (0, 1)) for f in (min, max))
        sizes = size_in_words(low) + (f" to {size_in_words(high)}" if low != high else "")
        modes = ", ".join(f"{n} {_named(mode)}" for mode, n in self.modes.most_common())
        among = "" if looked == self.total else f" among {looked} of {self.total}"
        notes = [f"images{among}: {modes}; {sizes} pixels"]
        if changed := looked - self.sizes[spec.size]:
            how = "resized" if spec.crop is None else "scaled and cut"
            notes.append(
                f"{changed} of {looked} images are {how} to {size_in_words(spec.size)} pixels: "
                "--image-size takes another"
            )
        if len({mode in GRAY for mode in self.modes}) > 1:
            notes.append("gray and color images are mixed: all are read as color")
        elif spec.channels > self.channels:
            notes.append("gray images are read as color, as the network takes them")
        if self.value_range:
            bounds = "..".join(f"{bound:g}" for bound in self.value_range)
            notes.append(f"pixel values are read as in {bounds}")
        if self.rotated:
            notes.append(f"{self.rotated} images are turned upright, as their EXIF data say")
        if self.transparent:
            notes.append(f"{self.transparent} images have transparency: white shows through it")
        if self.animated:
            notes.append(f"{self.animated} images have several frames: the first is read")
        return notes


@dataclass(frozen=True)
class ImageInput:
    """Encoded images (dicts with ``bytes`` and ``path``) or uint8 arrays -> uint8 (N, C, H, W).

    Images are turned upright by their EXIF orientation, and transparent pixels become white. 32-bit
    integers and floats are scaled from `value_range`, and so are 16-bit values, which without it
    become v >> 8.

    Parameters
    ----------
    size : tuple of int
        Height and width in pixels; other images are resized.
    channels : int
        1 (gray) or 3 (color).
    value_range : tuple of float, optional
        Values of 32-bit and 16-bit images that become 0 and 255; without, 32-bit ones are refused.
    crop : float, optional
        Share of each side that is cut from the middle, at most 1: the image is scaled so that it
        covers size / crop, its aspect ratio kept. Without, it is stretched to `size`.
    interpolation : str, default="bilinear"
        Pillow's name of the filter, in lower case.
    """

    size: tuple[int, int]
    channels: int
    value_range: tuple[float, float] | None = None
    crop: float | None = None
    interpolation: str = "bilinear"
    kind = "image"

    def __post_init__(self) -> None:
        check_framing(self.crop, self.interpolation)

    @classmethod
    def fit(cls, found: Survey, image_size: int | None = None) -> "ImageInput":
        """Take size, channels and range from what is among the images.

        The size is `usual_size`, or `image_size`. Images that are not all of it keep their aspect
        ratio. If any image is in color, all are.
        """
        size = (image_size, image_size) if image_size else usual_size(found.sizes)
        crop = None if {*found.sizes} == {size} else 1.0
        return cls(size, found.channels, found.value_range, crop)

    def in_8_bits(self, image: Any, row: Any, index: int) -> Any:
        """Return a decoded image in 8 bits; an InputError names one of another scale."""
        try:
            return in_8_bits(image, self.channels, self.value_range)
        except ScaleError as error:
            source = name_of(row, index)
            raise InputError(f"DATA holds an image on another scale: {source}: {error}") from error

    def read(self, row: Any, index: int) -> NDArray[np.uint8]:
        """Return a stored image as uint8 of shape (C, H, W); an InputError names a bad file."""
        image = self.in_8_bits(decode_image(row, index), row, index)
        try:
            image = framed(image, self.size, self.crop, self.interpolation)
        except ValueError as error:
            raise unreadable(row, index, error) from error
        return np.asarray(image).reshape(*self.size, self.channels).transpose(2, 0, 1)

    def transform(self, rows: Indexed, first: int = 0) -> Tensor:
        """Return the images as a uint8 tensor of shape (N, C, H, W); errors count from `first`."""
        out = np.empty((len(rows), self.channels, *self.size), np.uint8)

        def fill(start: int) -> None:
            for i in range(start, min(start + AT_ONCE, len(rows))):
                out[i] = self.read(rows[i], first + i)

        with ThreadPoolExecutor() as pool:
            list(pool.map(fill, range(0, len(rows), AT_ONCE)))
        return torch.from_numpy(out)


def survey(rows: Indexed) -> Survey:
    """Look at up to `LOOKED_AT` images, evenly spaced; all have one mode if they are arrays."""
    looked = 1 if isinstance(rows[0], np.ndarray) else min(len(rows), LOOKED_AT)
    modes: Counter[str] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    rotated = transparent = animated = 0
    low, high = float("inf"), -float("inf")
    for i in np.linspace(0, len(rows) - 1, looked).astype(int).tolist():
        with open_image(rows[i], i) as image:
            mode = mode_of(image)
            modes[mode] += 1
            sizes[upright_size(image)] += 1
            rotated += orientation_of(image) in range(2, 9)
            transparent += is_transparent(image)
            animated += getattr(image, "is_animated", False)
        if mode in WIDE or mode.startswith("I;16"):
            values = np.asarray(decode_image(rows[i], i), np.float64)
            values = values[np.isfinite(values)]
            low, high = min(low, values.min(initial=low)), max(high, values.max(initial=high))
    if isinstance(rows[0], np.ndarray):
        modes = Counter(dict.fromkeys(modes, len(rows)))
        sizes = Counter(dict.fromkeys(sizes, len(rows)))
    usual = (r for r in RANGES if r[0] <= low and high <= r[1] and ("F" in modes or r[1] > 1))
    found = next(usual, (low, high)) if low <= high else None
    if modes.keys().isdisjoint(WIDE) and found:
        bits = max(8, int(high).bit_length())
        found = (0.0, 2.0**bits - 1) if bits < 16 else None
    return Survey(modes, sizes, rotated, transparent, animated, found, len(rows))


def _named(mode: str) -> str:
    bits = {"1": "1-bit gray", "L": "8-bit gray", "I": "32-bit integer gray", "F": "float gray"}
    if mode.startswith("I;16"):
        return "16-bit gray"
    return bits.get(mode, f"8-bit {mode}")
