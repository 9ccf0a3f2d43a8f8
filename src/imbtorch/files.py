"""Read and write files; each one is written completely or not at all, and damage is noticed."""

import errno
import hashlib
import json
import os
import platform
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers that say that nothing more can be stored."""


def _processes() -> str:
    """Return what says whose process numbers are seen here: a container may have its own."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


OURS = f"{crc32(f'{platform.node()} {_processes()}'.encode()):08x}"
"""This machine, in the names of temporary files: others may share the folder."""

TIMES = ("seconds", "pretrained_seconds", "embedding_seconds")
"""What differs between two runs that are otherwise the same."""


class WriteError(OSError):
    """A file cannot be written; work that could not be stored either should stop."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{str(path)!r} cannot be written ({error.strerror or error}); what was stored before "
            "is unchanged: free some space or choose another folder, then run the command again"
        )


def is_about_storage(error: BaseException) -> bool:
    """Whether an error says that results can no longer be stored."""
    return isinstance(error, WriteError) or getattr(error, "errno", None) in FULL


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file for the block to write, and rename it to `path` when the block ends.

    Nobody ever sees half a file at `path`, even after a crash. If the block fails, `path` is
    unchanged and the temporary file is removed; one that a killed process left is removed by the
    next that writes to the folder. Where `path` is a link, what it points to is replaced.

    Parameters
    ----------
    path : Path
        The file to write. Its folder is created if missing.

    Yields
    ------
    Path
        The temporary file, in the same folder.

    Raises
    ------
    WriteError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "table.md"
    >>> with replacing(path) as part:
    ...     _ = part.write_text("# Table")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('# Table', 1)
    """
    path = path.resolve() if path.is_symlink() else path
    part = path.with_name(f"{path.name}.{get_ident()}.{OURS}-{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EEXIST, "there is something that is no file")
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except FileNotFoundError:  # the folder has been removed in the meantime
        raise
    except OSError as error:
        raise error if isinstance(error, WriteError) else WriteError(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _sweep(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that have ended."""
    ours = re.compile(rf"\.\d+\.{OURS}-(\d+)\.part$")
    for part in folder.glob("*.part"):
        found = ours.search(part.name)
        if found and not _is_running(int(found[1])):
            part.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":  # where os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Bring new names in a folder to disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even if the process crashes."""
    with replacing(path) as part:
        part.write_bytes(content)


def append(path: Path, line: bytes) -> None:
    """Append a line to a file; it is on disk when this returns, or the file is as it was."""
    is_new = not path.exists()
    try:
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                written = 0
                while written < len(line):  # on a full disk, a part of the line is written first
                    written += file.write(line[written:])
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):
                    file.truncate(size)
                raise
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise WriteError(path, error) from error


def set_aside(path: Path, then: str, error: Exception) -> None:
    """Rename a damaged file to ``NAME.damaged``, and warn of it; `then` says what comes next."""
    damaged = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(damaged)
    except FileNotFoundError:  # another process was faster
        return
    reason = " ".join(str(error).split())
    warnings.warn(
        f"{str(path)!r} is damaged ({reason}) and is now called {damaged.name}: {then}",
        stacklevel=2,
    )


def seal(values: Mapping[str, Any]) -> str:
    """Return JSON-ready values as one line of JSON that ends with their checksum.

    It covers everything but the times in `TIMES`: a run that is repeated has the same.

    Examples
    --------
    >>> seal({"seed": 0})
    '{"seed": 0, "checksum": "de7d7744ccd7722e"}'
    >>> unseal(seal({"seed": 0}))
    {'seed': 0}
    """
    plain = json.loads(json.dumps(values, allow_nan=False))
    return json.dumps({**plain, "checksum": _checksum(plain)})


def unseal(text: str | bytes) -> dict[str, Any]:
    """Return the values that `seal` wrote, or JSON values that were stored without a checksum.

    Raises
    ------
    ValueError
        If they are damaged.
    """
    try:
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")
    if "checksum" in values and values.pop("checksum") != _checksum(values):
        raise ValueError("its checksum differs")
    return values


def _checksum(values: Mapping[str, Any]) -> str:
    timeless = {name: value for name, value in values.items() if name not in TIMES}
    return hashlib.sha256(json.dumps(timeless, sort_keys=True).encode()).hexdigest()[:16]


def write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays to an ``.npz``, completely or not at all; none of them may hold objects."""
    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:  # savez would pickle them; in older versions it takes no word against that
        raise ValueError(f"array {objects[0]!r} holds objects")
    named: dict[str, Any] = {**arrays}
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **named)
