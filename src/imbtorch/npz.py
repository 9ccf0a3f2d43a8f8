"""Read an ``.npz`` that may hold anything: every array is sized before it is unpacked."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from imbtorch.errors import InputError


def read_npz(path: Path, argument: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz``; an `InputError` names the argument that holds the path.

    Nothing is unpacked before each array's own header agrees with the size that the archive gives
    for it, and all of them fit into memory.
    """
    with _readable(path, argument), ZipFile(path) as archive:
        _headers(archive)
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        check_memory(sum(i.file_size for i in members.values()), f"{argument} {str(path)!r}")
        arrays = {}
        for name, info in members.items():
            with archive.open(info) as file:
                arrays[name] = npy.read_array(file, allow_pickle=False)
        return arrays


class StoredArray(NamedTuple):
    """What an array's own header says of it."""

    shape: tuple[int, ...]
    column_major: bool
    dtype: np.dtype[Any]


def npz_headers(path: Path, argument: str) -> dict[str, StoredArray]:
    """Return what an ``.npz`` holds, without reading it; see `read_npz`."""
    with _readable(path, argument), ZipFile(path) as archive:
        return _headers(archive)


def npz_blocks(path: Path, argument: str, name: str, rows: int) -> Iterator[NDArray[Any]]:
    """Yield one array of an ``.npz`` in blocks of at most `rows` rows, the rest unread.

    An array that is stored column by column is read at once.
    """
    with _readable(path, argument), ZipFile(path) as archive:
        stored = _headers(archive)[name]
        count, row = stored.shape[0], prod(stored.shape[1:]) * stored.dtype.itemsize
        with archive.open(f"{name}.npy") as file:
            if stored.column_major:
                check_memory(count * row, f"{argument} {str(path)!r}")
                whole = npy.read_array(file, allow_pickle=False)
                yield from (whole[i : i + rows] for i in range(0, count, rows))
                return
            _read_header(file, name)
            for first in range(0, count, rows):
                shape = (min(rows, count - first), *stored.shape[1:])
                data = bytearray(file.read(shape[0] * row))  # torch wants it writable
                yield np.frombuffer(data, stored.dtype).reshape(shape)


@contextmanager
def _readable(path: Path, argument: str) -> Iterator[None]:
    """Turn what is raised for a damaged file into an InputError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise many types for damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{argument} is {str(path)!r}, not a readable .npz: {reason}") from error


def _headers(archive: ZipFile) -> dict[str, StoredArray]:
    """Return the headers of all arrays; a ValueError if one does not agree with its size."""
    headers = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        with archive.open(info) as file:
            headers[name] = _check_header(file, name, info.file_size)
    return headers


def _check_header(file: IO[bytes], name: str, size: int) -> StoredArray:
    """Return an array's header; a ValueError unless it describes the bytes that are stored."""
    stored = _read_header(file, name)
    if stored.dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, not numbers or strings")
    claimed, there = prod(stored.shape) * stored.dtype.itemsize, size - file.tell()
    if claimed != there or min(stored.shape, default=0) < 0:
        raise ValueError(
            f"{name} claims shape {stored.shape} of {stored.dtype} ({_gb(claimed)}) and stores "
            f"{_gb(there)}"
        )
    return stored


def _read_header(file: IO[bytes], name: str) -> StoredArray:
    try:
        version = npy.read_magic(file)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: {error}") from error
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is in the unknown format {version}")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    return StoredArray(*read(file))


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
