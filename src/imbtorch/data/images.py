"""Stored images: decode them upright and in 8 bits, and say what there is among them."""

import io
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.extras import extra

GRAY = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of gray images."""
WIDE = ("I", "F")
"""Modes of 32-bit integers and floats, whose range is that of the data set."""
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
"""Usual ranges of images in such modes: the first that holds all values is taken."""
MAX_PIXELS = 100_000_000
LOOKED_AT = 2_000
"""Images whose headers are read to find out what the data set holds, evenly spaced."""


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
    value_range : tuple of float
        Range of the values in `WIDE` modes.
    total : int
        Images in all.
    """

    modes: Counter[str]
    sizes: Counter[tuple[int, int]]
    rotated: int
    transparent: int
    animated: int
    value_range: tuple[float, float]
    total: int

    @property
    def channels(self) -> int:
        """1 if all images are gray, else 3."""
        return 1 if all(mode in GRAY for mode in self.modes) else 3

    def notes(self, spec: "ImageInput") -> list[str]:
        """Return what a user should know of the images and of how they are read, in sentences."""
        looked = sum(self.modes.values())
        low, high = (tuple(f(size[i] for size in self.sizes) for i in (0, 1)) for f in (min, max))
        sizes = _by(low) + (f" to {_by(high)}" if low != high else "")
        modes = ", ".join(f"{n} {_named(mode)}" for mode, n in self.modes.most_common())
        among = "" if looked == self.total else f" among {looked} of {self.total}"
        notes = [f"images{among}: {modes}; {sizes} pixels"]
        if {*self.sizes} != {spec.size}:
            notes.append(f"all images are resized to {_by(spec.size)} pixels")
        if len({mode in GRAY for mode in self.modes}) > 1:
            notes.append("gray and color images are mixed: all are read as color")
        if any(mode in WIDE for mode in self.modes):
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

    Images are turned upright by their EXIF orientation, transparent pixels become white, 16-bit
    values v become v >> 8, and 32-bit integers and floats are scaled from `value_range`.

    Parameters
    ----------
    size : tuple of int
        Height and width in pixels; other images are resized (bilinear).
    channels : int
        1 (gray) or 3 (color).
    value_range : tuple of float, default=(0, 255)
        Values of 32-bit images that become 0 and 255; others are clipped.
    """

    size: tuple[int, int]
    channels: int
    value_range: tuple[float, float] = (0.0, 255.0)
    kind = "image"

    @classmethod
    def fit(cls, found: Survey, image_size: int | None = None) -> "ImageInput":
        """Take size, channels and range from what is among the images.

        The size is the most frequent one, or `image_size`; one above 64 pixels is reduced to 32,
        the size that the built-in networks are made for. If any image is in color, all are.
        """
        height, width = (image_size, image_size) if image_size else found.sizes.most_common(1)[0][0]
        if image_size is None and max(height, width) > 64:
            height = width = 32
        return cls((height, width), found.channels, found.value_range)

    def transform(self, rows: Indexed) -> Tensor:
        """Return the images as a uint8 tensor of shape (N, C, H, W)."""
        with extra("cli", "a data set of images"):
            from PIL.Image import Resampling
        out = np.empty((len(rows), *self.size, self.channels), np.uint8)

        def fill(i: int) -> None:
            image = in_8_bits(decode_image(rows[i], i), self.channels, self.value_range)
            if image.size != self.size[::-1]:
                image = image.resize(self.size[::-1], Resampling.BILINEAR)
            out[i] = np.asarray(image).reshape(out.shape[1:])

        with ThreadPoolExecutor() as pool:
            list(pool.map(fill, range(len(rows))))
        return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()


def survey(rows: Indexed) -> Survey:
    """Look at up to `LOOKED_AT` images, evenly spaced; all have one mode if they are arrays."""
    looked = 1 if isinstance(rows[0], np.ndarray) else min(len(rows), LOOKED_AT)
    modes: Counter[str] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    rotated = transparent = animated = 0
    low, high = float("inf"), -float("inf")
    for i in np.linspace(0, len(rows) - 1, looked).astype(int).tolist():
        with open_image(rows[i], i) as image:
            turned = _orientation(image)
            width, height = image.size
            modes[image.mode] += 1
            sizes[(width, height) if turned in (5, 6, 7, 8) else (height, width)] += 1
            rotated += turned in range(2, 9)
            transparent += _is_transparent(image)
            animated += getattr(image, "is_animated", False)
        if image.mode in WIDE:
            values = np.asarray(decode_image(rows[i], i), np.float64)
            values = values[np.isfinite(values)]
            low, high = min(low, values.min(initial=low)), max(high, values.max(initial=high))
    if isinstance(rows[0], np.ndarray):
        modes = Counter({mode: len(rows) for mode in modes})
    usual = (r for r in RANGES if r[0] <= low and high <= r[1] and ("F" in modes or r[1] > 1))
    found = next(usual, (low, high)) if low <= high else (0.0, 255.0)
    return Survey(modes, sizes, rotated, transparent, animated, found, len(rows))


def open_image(row: Any, index: int) -> Any:
    """Return a stored image as a Pillow image, not decoded yet; an InputError names a bad file."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    if isinstance(row, np.ndarray):
        return Image.fromarray(row)
    source = row and (row["path"] or f"row {index}")
    if not row or not (row["bytes"] or row["path"]):
        raise InputError(f"DATA holds an unreadable image: row {index} (it is empty)")
    try:
        image = Image.open(io.BytesIO(row["bytes"]) if row["bytes"] else row["path"])
    except Exception as error:  # the library's readers raise many types
        raise InputError(f"DATA holds an unreadable image: {source} ({error})") from error
    if image.size[0] * image.size[1] > MAX_PIXELS:
        raise InputError(
            f"DATA holds an unreadable image: {source} ({_by(image.size[::-1])} pixels; at most "
            f"{MAX_PIXELS:,} are read)"
        )
    return image


def decode_image(row: Any, index: int) -> Any:
    """Return a stored image as an upright Pillow image; an InputError names an unreadable file."""
    with extra("cli", "a data set of images"):
        from PIL import ImageOps

    image = open_image(row, index)
    if isinstance(row, np.ndarray):
        return image
    try:
        with image:
            image.load()
            return ImageOps.exif_transpose(image)
    except Exception as error:  # the library's readers raise many types
        source = row["path"] or f"row {index}"
        raise InputError(f"DATA holds an unreadable image: {source} ({error})") from error


def in_8_bits(image: Any, channels: int, value_range: tuple[float, float]) -> Any:
    """Return a Pillow image of mode L (1 channel) or RGB (3 channels)."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    if image.mode.startswith("I;16") or image.mode in WIDE:
        values = np.asarray(image)
        if image.mode not in WIDE:
            values = values >> 8
        elif value_range == (0.0, 65535.0):
            values = np.clip(values, 0, 65535) // 256
        else:
            low, high = value_range
            scaled = (np.nan_to_num(values.astype(np.float64), nan=low) - low) / (high - low or 1)
            values = np.rint(255 * np.clip(scaled, 0, 1))
        image = Image.fromarray(values.astype(np.uint8))
    if _is_transparent(image):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if channels == 1 else "RGB")


def _orientation(image: Any) -> int:
    """Return the EXIF orientation, 1 if upright; a PNG would have to be decoded to know."""
    if image.format not in ("JPEG", "MPO", "TIFF", "WEBP"):
        return 1
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged EXIF data: the library's readers raise many types
        return 1


def _is_transparent(image: Any) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _named(mode: str) -> str:
    bits = {"1": "1-bit gray", "L": "8-bit gray", "I": "32-bit integer gray", "F": "float gray"}
    if mode.startswith("I;16"):
        return "16-bit gray"
    return bits.get(mode, f"8-bit {mode}")


def _by(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
