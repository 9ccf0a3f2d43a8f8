"""The result store: a folder that holds one experiment, with one JSON line per run."""

import hashlib
import json
import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from imbtorch.errors import InputError
from imbtorch.files import write_atomically


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read all complete rows; the last one may be incomplete, still being written or cut off."""
    if not path.exists():
        return []
    content = path.read_bytes()
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


class ResultStore:
    """Results of one experiment in a folder, safe against crashes.

    Parameters
    ----------
    folder : Path
        Created if missing. ``experiment.json`` says which experiment it holds, and
        ``results.jsonl`` has one row per run. Several processes may share it.
    identity : mapping
        What distinguishes the experiment from others, JSON-ready.

    Raises
    ------
    InputError
        If the folder holds another experiment; the error names the differences.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> store = ResultStore(folder, {"model": "mlp"})
    >>> store.append({"recipe": {"name": "erm"}, "seed": 0})
    >>> store.has({"name": "erm"}, 0), store.has({"name": "erm"}, 1)
    (True, False)
    >>> store.row({"name": "rs"}, 0, lambda: {"f1_macro": 0.5})["f1_macro"]
    0.5
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.path = folder / "results.jsonl"
        label = folder / "experiment.json"
        if folder.exists() and not folder.is_dir():
            raise InputError(f"out is {str(folder)!r}, a file; a folder is needed")
        if label.exists():
            stored = json.loads(label.read_text())
            wanted = json.loads(json.dumps(identity))
            if stored != wanted:
                differing = [k for k in wanted if stored.get(k) != wanted[k]]
                raise InputError(
                    f"out is {str(folder)!r}, which holds another experiment's results (its "
                    f"{', '.join(differing)} differ): choose another folder"
                )
        elif self.path.exists():
            raise InputError(f"out is {str(folder)!r}, which holds results of unknown origin")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(label, json.dumps(identity, indent=1).encode())
        self._lock = FileLock(folder / ".lock")
        self.rows = read_rows(self.path)

    def has(self, recipe: Mapping[str, Any], seed: int) -> bool:
        """Whether the run of a recipe (with all its parameters) and training seed is stored."""
        return any(r["recipe"] == recipe and r["seed"] == seed for r in self.rows)

    @contextmanager
    def claim(self, name: str, *, wait: bool) -> Iterator[bool]:
        """Keep other processes from the work called `name` inside the block.

        Yields whether the claim is ours: without `wait`, False if another process has it. A claim
        ends with its process, however that ends.
        """
        folder = self.folder / "claims"
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock")
        try:
            lock.acquire(blocking=wait)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def fill(
        self,
        recipe: Mapping[str, Any],
        seed: int,
        run: Callable[[], Mapping[str, Any]],
        *,
        wait: bool = True,
    ) -> bool:
        """Make sure that the row of a recipe and training seed is stored; call `run` if needed.

        The row is what `run` returns, with ``recipe`` and ``seed`` added. If another process
        works on it, wait for its row, or return False without `wait`.
        """
        if self.has(recipe, seed):
            return True
        with self.claim(json.dumps([recipe, seed], sort_keys=True), wait=wait) as ours:
            if ours:
                self.rows = read_rows(self.path)
                if not self.has(recipe, seed):
                    self.append({"recipe": recipe, "seed": seed, **run()})
            return ours

    def row(
        self, recipe: Mapping[str, Any], seed: int, run: Callable[[], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return the row of a recipe and training seed, see `fill`."""
        self.fill(recipe, seed, run)
        return self.find(recipe, seed)

    def find(self, recipe: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return the stored row of a recipe and training seed."""
        return next(r for r in self.rows if r["recipe"] == recipe and r["seed"] == seed)

    def record_failure(self, recipe: Mapping[str, Any], seed: int, error: Exception) -> None:
        """Add a failed run to ``failures.jsonl``: what went wrong, and where."""
        row = {
            "recipe": recipe,
            "seed": seed,
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exception(error),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._lock, (self.folder / "failures.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def append(self, row: Mapping[str, Any]) -> None:
        """Store a row; it is on disk when this returns."""
        line = json.dumps(row, allow_nan=False)
        with self._lock, self.path.open("ab") as file:
            self._drop_torn_line()
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(json.loads(line))

    def _drop_torn_line(self) -> None:
        """Remove a last line that a crash left incomplete; no other process may be writing."""
        content = self.path.read_bytes()
        os.truncate(self.path, content.rfind(b"\n") + 1)
