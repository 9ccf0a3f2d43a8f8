"""Decode stored images: upright, in 8 bits, white behind transparent pixels."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.errors import InputError
from imbtorch.extras import extra

WIDE = ("I", "F")
"""Modes of 32-bit integers and floats, whose range is that of the data set."""
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
"""Usual ranges of images in such modes: the first that holds all values is taken."""
MAX_PIXELS = 100_000_000


class ScaleError(ValueError):
    """An image has values on another scale than those it should be read with."""


def open_image(row: Any, index: int) -> Any:
    """Return a stored image as a Pillow image, not decoded yet; an InputError names a bad file."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    if isinstance(row, np.ndarray):
        return Image.fromarray(row)
    if not row or not (row["bytes"] or row["path"]):
        raise unreadable(row, index, "it is empty")
    try:
        image = Image.open(io.BytesIO(row["bytes"]) if row["bytes"] else row["path"])
    except Exception as error:  # the library's readers raise many types
        raise unreadable(row, index, error) from error
    if image.size[0] * image.size[1] > MAX_PIXELS:
        size = size_in_words(image.size[::-1])
        raise unreadable(row, index, f"{size} pixels; at most {MAX_PIXELS:,} are read")
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
            if mode_of(image) != image.mode:
                image = image.convert(mode_of(image))
            return ImageOps.exif_transpose(image)
    except Exception as error:  # the library's readers raise many types
        raise unreadable(row, index, error) from error


def stored_bytes(row: Any, index: int) -> bytes:
    """Return an image as it is stored, not decoded; an InputError names an unreadable file."""
    if isinstance(row, np.ndarray):
        return row.tobytes()
    if not row or not (row["bytes"] or row["path"]):
        raise unreadable(row, index, "it is empty")
    try:
        return bytes(row["bytes"]) if row["bytes"] else Path(row["path"]).read_bytes()
    except OSError as error:
        raise unreadable(row, index, error) from error


def unreadable(row: Any, index: int, reason: object) -> InputError:
    """Return the error for an image that cannot be read."""
    return InputError(f"DATA holds an unreadable image: {name_of(row, index)} ({reason})")


def name_of(row: Any, index: int) -> str:
    """Return the file of a stored image, or its row number."""
    return str((isinstance(row, dict) and row["path"]) or f"row {index}")


def in_8_bits(image: Any, channels: int, value_range: tuple[float, float] | None) -> Any:
    """Return a Pillow image of mode L (1 channel) or RGB (3 channels)."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    if image.mode.startswith("I;16") or image.mode in WIDE:
        values = np.asarray(image)
        if image.mode not in WIDE and value_range is None:
            values = values >> 8
        elif value_range is None or not _fits(values, value_range):
            trained = "..".join(f"{v:g}" for v in value_range) if value_range else "8 or 16 bits"
            raise ScaleError(
                f"its values are {values.min():g}..{values.max():g}; those of the training images "
                f"are {trained}"
            )
        elif value_range == (0.0, 65535.0):
            values = np.clip(values, 0, 65535) // 256
        else:
            low, high = value_range
            scaled = (np.nan_to_num(values.astype(np.float64), nan=low) - low) / (high - low or 1)
            values = np.rint(255 * np.clip(scaled, 0, 1))
        image = Image.fromarray(values.astype(np.uint8))
    if is_transparent(image):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if channels == 1 else "RGB")


def _fits(values: np.ndarray, value_range: tuple[float, float]) -> bool:
    """Whether values are in a range; one that was measured, not a usual one, may be exceeded."""
    low, high = value_range
    is_usual = value_range in RANGES
    return not is_usual or bool(np.nanmin(values) >= low and np.nanmax(values) <= high)


def mode_of(image: Any) -> str:
    """Return the mode of an opened image; that of a 16-bit PNG is I before Pillow 11."""
    return "I;16" if image.format == "PNG" and image.mode == "I" else str(image.mode)


def orientation_of(image: Any) -> int:
    """Return the EXIF orientation, 1 if upright."""
    if image.format == "PNG" and "exif" not in image.info:  # it would be decoded to know more
        return 1
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged EXIF data: the library's readers raise many types
        return 1


def upright_size(image: Any) -> tuple[int, int]:
    """Return height and width of an opened image when it is upright."""
    width, height = image.size
    if image.format == "TIFF":  # later versions of Pillow turn its size already
        width, height = (image.tag_v2[tag] for tag in (256, 257))
    return (width, height) if orientation_of(image) in (5, 6, 7, 8) else (height, width)


def is_transparent(image: Any) -> bool:
    """Whether an image has pixels that something may show through."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def size_in_words(size: Sequence[int]) -> str:
    """Return height and width in words."""
    return " x ".join(map(str, size))
