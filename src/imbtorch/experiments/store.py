"""The result store: a folder that holds one experiment, one JSON line a run."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, never meets half of it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class ResultStore:
    """Results of one experiment in a folder, kept through crashes.

    Parameters
    ----------
    folder : Path
        Made if missing. ``experiment.json`` says which experiment it holds, ``results.jsonl``
        holds one row a run.
    identity : mapping
        What tells the experiment from another, JSON-ready.

    Raises
    ------
    InputError
        If the folder holds another experiment; what differs is named.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> store = ResultStore(folder, {"model": "mlp"})
    >>> store.append({"recipe": {"name": "erm"}, "training_seed": 0})
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
        self.rows = self._read()

    def has(self, recipe: Mapping[str, Any], seed: int) -> bool:
        """Whether the run of a recipe (with all its parameters) and training seed is stored."""
        return any(r["recipe"] == recipe and r["training_seed"] == seed for r in self.rows)

    def row(
        self, recipe: Mapping[str, Any], seed: int, run: Callable[[], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return the stored row of a recipe and training seed; `run` it first if there is none.

        The row is what `run` returns, with ``recipe`` and ``training_seed`` added.
        """
        if not self.has(recipe, seed):
            self.append({"recipe": recipe, "training_seed": seed, **run()})
        return next(r for r in self.rows if r["recipe"] == recipe and r["training_seed"] == seed)

    def append(self, row: Mapping[str, Any]) -> None:
        """Store a row; it is on disk when this returns."""
        line = json.dumps(row, allow_nan=False)
        with self.path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(json.loads(line))

    def _read(self) -> list[dict[str, Any]]:
        """Read the rows; a last line that a crash cut off is dropped from the file."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_atomically(self.path, whole)
        return [json.loads(line) for line in whole.splitlines()]
