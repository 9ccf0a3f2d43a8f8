"""Many images: decoded once, into files of the cache folder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.cache import cache_folder, kept_array
from imbtorch.data.images.decode import stored_bytes
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows
from imbtorch.extras import extra
from imbtorch.progress import progress_bar

FILE_BYTES = 64 * 2**20
"""Size of a file: what an interrupted decoding loses at most."""


class Hash(Protocol):
    """What takes bytes, such as ``hashlib.sha256()``."""

    def update(self, data: bytes, /) -> None: ...


class MappedImages(Dataset[tuple[Tensor, Tensor]]):
    """Decoded images in memory-mapped files, and their labels; images are uint8 (C, H, W).

    Parameters
    ----------
    files : sequence of Path
        Each an ``.npy`` with `per_file` images, the last with the rest.
    per_file : int
        Images in a file.
    y : ndarray of shape (N,)
        Labels.
    """

    def __init__(self, files: Sequence[Path], per_file: int, y: NDArray[np.int64]) -> None:
        self.files, self.per_file, self.y = tuple(files), per_file, torch.from_numpy(y)
        self._parts = [np.load(file, mmap_mode="r") for file in self.files]

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        file, row = divmod(int(index), self.per_file)
        return torch.from_numpy(self._parts[file][row].copy()), self.y[index]

    def in_memory(self) -> Tensor:
        """Return all images as one tensor (N, C, H, W) in memory."""
        return torch.from_numpy(np.concatenate(self._parts))

    def __reduce__(self) -> tuple[Any, ...]:  # worker processes map the files again
        return MappedImages, (self.files, self.per_file, self.y.numpy())


def mapped_images(rows: Rows, y: NDArray[np.int64], spec: ImageInput, digest: Hash) -> MappedImages:
    """Return images as a data set in the cache folder; `digest` takes their stored bytes in order.

    A file is named by the stored bytes of its images and by what is made of them, so that it is
    right wherever they lie; one that is there already is not made again.
    """
    with extra("cli", "a data set of images"):
        import PIL

    folder = cache_folder("images")
    shape = (spec.channels, *spec.size)
    per_file = max(FILE_BYTES // int(np.prod(shape)), 1)
    files = []
    title = f"decoding images into {folder}"
    with progress_bar(total=len(rows), desc=title, unit="image") as bar:
        for first in range(0, len(rows), per_file):
            part = rows.take(np.arange(first, min(first + per_file, len(rows))))
            name = hashlib.sha256(f"{spec} {PIL.__version__}".encode())
            for i in range(len(part)):
                row = part[i]
                content = stored_bytes(row, first + i)
                digest.update(content)
                name.update(repr(getattr(row, "shape", "")).encode())
                name.update(hashlib.sha256(content).digest())
            file = folder / f"{name.hexdigest()[:32]}.npy"
            _keep(file, (len(part), *shape), spec, part, first)
            files.append(file)
            bar.update(len(part))
    return MappedImages(files, per_file, y)


def _keep(file: Path, shape: tuple[int, ...], spec: ImageInput, part: Rows, first: int) -> None:
    kept_array(file, shape, np.uint8, lambda: spec.transform(part, first).numpy())
