"""Stored rows as data sets of tensors."""

import hashlib
import warnings
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.digests import add_values, short
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.images.mapped import FILE_BYTES, mapped_images
from imbtorch.data.inputs import Input
from imbtorch.data.rows import Rows
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.files import WriteError

IN_MEMORY_BYTES = 2 * 2**30
"""Images that need more than this as uint8 are kept in files instead, see `MappedImages`."""


def datasets_of(
    spec: Input, classes: tuple[str, ...], *parts: tuple[Rows, np.ndarray]
) -> tuple[list[Dataset[Any]], str]:
    """Return rows with their labels as data sets of tensors, and the hash of all of them.

    They are in memory, but images that are too large for it in files of the cache folder.
    """
    digest = hashlib.sha256()
    return [_dataset(spec, classes, *part, digest) for part in parts], short(digest)


def _dataset(
    spec: Input, classes: tuple[str, ...], rows: Rows, y: np.ndarray, digest: Any
) -> Dataset[Any]:
    if isinstance(spec, ImageInput):
        if _size(spec, rows) > IN_MEMORY_BYTES:
            digest.update(_in_words(spec).encode())
            images = mapped_images(rows, y, spec, digest)
            digest.update(y)
            return images
        x = _decoded(spec, rows, y)
    else:
        x = spec.transform(rows.values)
    blocks = spec.categorical if isinstance(spec, TableInput) else ()
    tokens = isinstance(spec, TokenInput)
    made = ArrayDataset(x, y, classes, tokens=tokens, categorical=blocks)
    add_values(digest, made)
    return made


def _decoded(spec: ImageInput, rows: Rows, y: np.ndarray) -> Tensor:
    """Return images as a tensor; many photographs are decoded once for all commands."""
    if spec.crop is None or isinstance(rows[0], np.ndarray) or _size(spec, rows) <= FILE_BYTES:
        return spec.transform(rows)
    try:
        return mapped_images(rows, y, spec, hashlib.sha256()).in_memory()
    except WriteError as error:
        warnings.warn(f"every command decodes the images again: {error}", stacklevel=2)
        return spec.transform(rows)


def _size(spec: ImageInput, rows: Rows) -> int:
    return len(rows) * spec.channels * spec.size[0] * spec.size[1]


def _in_words(spec: ImageInput) -> str:
    """Return what is hashed of an input kind; for what versions up to 0.2 knew, as they did."""
    if spec.crop is None and spec.interpolation == "bilinear":
        known = f"size={spec.size}, channels={spec.channels}, value_range={spec.value_range}"
        return f"ImageInput({known})"
    return repr(spec)
