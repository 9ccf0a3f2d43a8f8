"""The result store: a folder that holds one experiment, with one JSON line per run."""

import hashlib
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from imbtorch.comparison.out_folder import another_experiment, check_out
from imbtorch.comparison.result_file import ResultFile, Row, read_rows
from imbtorch.errors import InputError
from imbtorch.files import append, seal, set_aside, unseal, write_atomically


class ResultStore:
    """Results of one experiment in a folder, safe against crashes.

    Parameters
    ----------
    folder : Path
        Created if missing. ``experiment.json`` says which experiment it holds, and
        ``results.jsonl`` has one row per run. Several processes may share it. Both have
        checksums; a damaged line is moved to ``results.jsonl.damaged``, with a warning.
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
        self._lock = FileLock(folder / ".lock")
        check_out(folder)
        self._check_label(json.loads(json.dumps(identity)))
        self._file = ResultFile(self.path, self._lock)

    def _check_label(self, wanted: Row) -> None:
        """Make sure that the folder holds this experiment, or nothing yet."""
        label = self.folder / "experiment.json"
        damage = None
        try:
            stored = unseal(label.read_bytes())
        except FileNotFoundError:
            stored = None
        except ValueError as error:
            stored, damage = None, error
        if stored is not None and stored != wanted:
            differing = [k for k in {**wanted, **stored} if stored.get(k) != wanted.get(k)]
            raise another_experiment(self.folder, differing)
        if stored is None:
            # each row also says which experiment it is of
            rows = read_rows(self.path) if damage else [{}] * self.path.exists()
            if any(row.get(name) != value for row in rows for name, value in wanted.items()):
                raise InputError(
                    f"out is {str(self.folder)!r}, which holds results of unknown origin: choose "
                    "another folder for out"
                )
            self.folder.mkdir(parents=True, exist_ok=True)
            if damage:
                set_aside(label, "it is written again", damage)
            write_atomically(label, json.dumps(json.loads(seal(wanted)), indent=1).encode())

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order in which they were stored."""
        return self._file.rows

    def has(self, recipe: Mapping[str, Any], seed: int) -> bool:
        """Whether the run of a recipe (with all its parameters) and training seed is stored."""
        return self._file.get(recipe, seed) is not None

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
                self._file.read_on()
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
        row = self._file.get(recipe, seed)
        assert row is not None
        return row

    def record_failure(self, recipe: Mapping[str, Any], seed: int, error: Exception) -> None:
        """Add a failed run to ``failures.jsonl``: what went wrong, and where."""
        row = {
            "recipe": recipe,
            "seed": seed,
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exception(error),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._lock:
            append(self.folder / "failures.jsonl", json.dumps(row).encode() + b"\n")

    def append(self, row: Mapping[str, Any]) -> None:
        """Store a row; it is on disk when this returns."""
        self._file.append(row)
