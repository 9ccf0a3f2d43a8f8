"""Read and write files; each one is written completely or not at all."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from imbtorch.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file for the block to write, and rename it to `path` when the block ends.

    Nobody ever sees half a file at `path`, even after a crash. If the block fails, `path` is
    unchanged and the temporary file is removed.

    Parameters
    ----------
    path : Path
        The file to write. Its folder is created if missing.

    Yields
    ------
    Path
        The temporary file, in the same folder.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "table.md"
    >>> with replacing(path) as part:
    ...     _ = part.write_text("# Table")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('# Table', 1)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even if the process crashes."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays to an ``.npz``, completely or not at all."""
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_npz(path: Path, argument: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz``; an `InputError` names the argument that holds the path.

    Nothing is unpacked before each array's own header agrees with the size that the archive gives
    for it, and all of them fit into memory.
    """
    try:
        with ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            for name, info in members.items():
                with archive.open(info) as file:
                    _check_header(file, name, info.file_size)
            check_memory(sum(i.file_size for i in members.values()), f"{argument} {str(path)!r}")
            arrays = {}
            for name, info in members.items():
                with archive.open(info) as file:
                    arrays[name] = npy.read_array(file, allow_pickle=False)
            return arrays
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise many types for damaged files
        reason = str(error) or type(error).__name__
        raise InputError(f"{argument} is {str(path)!r}, not a readable .npz: {reason}") from error


def _check_header(file: IO[bytes], name: str, size: int) -> None:
    """Raise a ValueError unless an array's header describes as many bytes as are stored."""
    try:
        version = npy.read_magic(file)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: {error}") from error
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is in the unknown format {version}")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, not numbers or strings")
    claimed, stored = prod(shape) * dtype.itemsize, size - file.tell()
    if claimed != stored or min(shape, default=0) < 0:
        raise ValueError(
            f"{name} claims shape {shape} of {dtype} ({_gb(claimed)}) and stores {_gb(stored)}"
        )


def check_memory(size: int, name: str) -> None:
    """Raise an InputError if `size` bytes, and a copy of them, do not fit into free memory.

    Examples
    --------
    >>> check_memory(8 * 10**4, "features")
    """
    free = free_memory()
    if 2 * size > free:
        raise InputError(f"{name} needs {_gb(size)} and a copy of it; {_gb(free)} are free")


def free_memory() -> int:
    """Return the bytes of memory that this process could get, at most what its container has."""
    bounds = []
    with suppress(OSError, AttributeError, ValueError):
        bounds.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        bounds.append(1024 * next(int(x.split()[1]) for x in lines if x.startswith("MemAvail")))
    with suppress(OSError, ValueError):  # the file says "max" where there is no bound
        bounds.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(bounds, default=sys.maxsize)


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e7 else f"{size} bytes"
