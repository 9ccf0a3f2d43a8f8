"""Read an ``.npz`` that may hold anything: every array is sized before it is unpacked."""

import os
import sys
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from numpy.lib import format as npy
from numpy.typing import NDArray

from imbtorch.errors import InputError


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
        reason = " ".join(str(error).split()) or type(error).__name__
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
