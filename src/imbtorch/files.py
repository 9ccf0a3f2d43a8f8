"""Read and write files; each one is written completely or not at all."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


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
