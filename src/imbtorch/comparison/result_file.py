"""``results.jsonl``: one run per line, each with its checksum, shared by several processes."""

import os
import warnings
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from imbtorch.files import append, seal, unseal, write_atomically
from imbtorch.printable import plural

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Read all complete rows; the last one may be incomplete, still being written or cut off.

    A damaged row is left out, with a warning.
    """
    if not path.exists():
        return []
    rows, damaged = _sort_out(path.read_bytes().split(b"\n")[:-1])
    if damaged:
        warnings.warn(f"{path}: {plural(len(damaged), 'damaged line')} left out", stacklevel=2)
    return [row for row, _ in rows]


def _sort_out(lines: Iterable[bytes]) -> tuple[list[tuple[Row, bytes]], list[bytes]]:
    """Return the rows, each with its line, and the lines that hold none."""
    rows, damaged = [], []
    for line in filter(None, lines):
        try:
            row = unseal(line)
            _key(row["recipe"], row["seed"])
            rows.append((row, line))
        except (ValueError, KeyError, TypeError):
            damaged.append(line)
    return rows, damaged


def _key(recipe: Mapping[str, Any], seed: int) -> Hashable:
    """Return what is equal for equal recipes and seeds, as a key of a dict."""
    return _frozen(recipe), seed


def _frozen(value: Any) -> Hashable:
    if isinstance(value, Mapping):
        return tuple((name, _frozen(value[name])) for name in sorted(value))
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    hash(value)
    return value  # type: ignore[no-any-return]


class ResultFile:
    """The rows in a file: found by recipe and seed, appended in constant time.

    Parameters
    ----------
    path : Path
        The file, which may be missing.
    lock : FileLock
        Held by whoever writes to it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> file = ResultFile(folder / "results.jsonl", FileLock(folder / ".lock"))
    >>> file.append({"recipe": {"name": "erm"}, "seed": 0})
    >>> file.get({"name": "erm"}, 0), file.get({"name": "erm"}, 1)
    ({'recipe': {'name': 'erm'}, 'seed': 0}, None)
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path, self._lock = path, lock
        self._rows: dict[Hashable, Row] = {}
        self._seen = (0, 0)  # which file was read, and how much of it
        self.read_on()

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order in which they were stored."""
        return list(self._rows.values())

    def get(self, recipe: Mapping[str, Any], seed: int) -> Row | None:
        """Return the row of a recipe and training seed, or None."""
        return self._rows.get(_key(recipe, seed))

    def append(self, row: Mapping[str, Any]) -> None:
        """Store a row; it is on disk when this returns."""
        line = seal(row)
        with self._lock:
            if not self._ends_whole():
                self._repair()
            append(self.path, line.encode() + b"\n")
        self._add(unseal(line))

    def _add(self, row: Row) -> None:
        self._rows.setdefault(_key(row["recipe"], row["seed"]), row)

    def read_on(self) -> None:
        """Read the rows that any process has stored since the last look."""
        try:
            with self.path.open("rb") as file:
                number, size = self._seen
                status = os.fstat(file.fileno())
                if status.st_ino != number or status.st_size < size:
                    size = 0  # it is another file: damaged lines were removed
                file.seek(size)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        rows, damaged = _sort_out(whole.split(b"\n"))
        for row, _ in rows:
            self._add(row)
        self._seen = (status.st_ino, size + len(whole))
        if damaged or len(whole) < len(content):
            with self._lock:  # whoever was writing a line has ended it
                if damaged or not self._ends_whole():
                    self._repair()
            self.read_on()

    def _ends_whole(self) -> bool:
        """Whether the last line is complete; no other process may be writing."""
        try:
            with self.path.open("rb") as file:
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    return file.read(1) == b"\n"
        except FileNotFoundError:
            pass
        return True

    def _repair(self) -> None:
        """Move damaged lines, and a last one that a crash cut off, to another file."""
        content = self.path.read_bytes()
        rows, damaged = _sort_out(content.split(b"\n"))
        moved = self.path.with_name(f"{self.path.name}.damaged")
        if damaged:
            append(moved, b"".join(line + b"\n" for line in damaged))
        kept = b"".join(line + b"\n" for _, line in rows)
        if kept != content:
            write_atomically(self.path, kept)
        if damaged:
            warnings.warn(
                f"{str(self.path)!r} has {plural(len(damaged), 'damaged or incomplete line')}, now "
                f"in {moved.name}: the runs of these lines are made again",
                stacklevel=2,
            )
