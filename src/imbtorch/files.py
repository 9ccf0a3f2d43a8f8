"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from imbtorch.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the block a file to write beside `path`, which takes its place when the block ends.

    A reader, or a crash, never meets half a file. If the block fails, what was stored at `path`
    is as it was and the unfinished file is gone.

    Parameters
    ----------
    path : Path
        Its folder is made if missing.

    Yields
    ------
    Path
        In the same folder; the block writes it.

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
    """Write a file so that a reader, or a crash, never meets half of it."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays into an ``.npz``, all or nothing."""
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_npz(path: Path, argument: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz``; an `InputError` names the argument it was given as."""
    try:
        with path.open("rb") as file:
            return dict(np.load(file, allow_pickle=False))
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(f"{argument} is {str(path)!r}, not a readable .npz: {error}") from error
