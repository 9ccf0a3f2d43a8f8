"""Arrays that take long to make, kept between commands in the user's cache folder."""

import os
from collections.abc import Callable
from errno import EACCES
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imbtorch.files import WriteError, replacing


def cache_folder(kind: str) -> Path:
    """Return the folder for a kind of files: in ``$IMBTORCH_CACHE``, or ``~/.cache/imbtorch``.

    All that is in it can be made again: it may be removed at any time.
    """
    folder = Path(os.environ.get("IMBTORCH_CACHE") or "~/.cache/imbtorch").expanduser() / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise CacheError(folder, error) from error
    return folder


class CacheError(WriteError):
    """The cache folder cannot be written to."""

    def __init__(self, folder: Path, error: OSError) -> None:
        OSError.__init__(
            self,
            f"the cache folder {str(folder)!r} cannot be written to ({error.strerror}): set "
            "IMBTORCH_CACHE to one that can",
        )


def kept_array(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike, make: Callable[[], NDArray[Any]]
) -> NDArray[Any]:
    """Return the array in a file, memory-mapped and read-only; it is made first if need be.

    A file that is missing, cut off or not of this shape and type is written anew. Several
    processes may ask for one file at once: each finds it complete, or makes it.

    Parameters
    ----------
    path : Path
        An ``.npy``, whose name must say all that the values depend on.
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        Its type.
    make : callable
        () -> the array.

    Raises
    ------
    WriteError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ones.npy"
    >>> int(kept_array(path, (2, 3), "uint8", lambda: np.ones((2, 3), np.uint8)).sum())
    6
    >>> int(kept_array(path, (2, 3), "uint8", lambda: None).sum())
    6
    """
    found = _stored(path, shape, dtype)
    if found is not None:
        return found
    made = np.ascontiguousarray(make(), dtype)
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, made, allow_pickle=False)
    found = _stored(path, shape, dtype)
    assert found is not None, f"what was made for {path} has the shape {made.shape}, not {shape}"
    return found


def _stored(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any] | None:
    """Return the array in a file, or None if it has none of this shape and type."""
    try:
        found = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError):  # missing; cut off or damaged
        return None
    return found if found.shape == shape and found.dtype == dtype else None
