"""Whether a folder can take the results of an experiment, as far as is known before the work."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError
from imbtorch.files import unseal

FOLDERS = ("checkpoints", "claims", "figures", "folds", "logs", "snapshots")
"""The folders in a folder of results."""
FILES = (
    *("experiment.json", "results.jsonl", "failures.jsonl", "pretrained.safetensors"),
    *("report.html", "classes.csv", "table.md", "auto.txt"),
)
"""The files in it."""


def check_folder(folder: Path) -> None:
    """Raise an InputError if something that is no folder stands where `folder` is needed."""
    path = folder.absolute()
    found = next(one for one in (path, *path.parents) if one.exists())
    if not found.is_dir():
        raise _of_the_wrong_kind(folder if found == path else found, "file", "folder")


def check_out(folder: Path, known: Mapping[str, Any] | None = None) -> None:
    """Raise an InputError if a folder cannot take an experiment's results; nothing is written.

    Parameters
    ----------
    folder : Path
        May be missing.
    known : mapping, optional
        What is known of the experiment's identity, JSON-ready: results of one that differs in
        any of it are refused.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "experiment.json").write_text('{"model": "mlp", "epochs": 5}')
    >>> check_out(folder, {"epochs": 5})
    >>> try:
    ...     check_out(folder, {"epochs": 6})
    ... except InputError as error:
    ...     print(str(error).partition(", ")[2])
    which holds another experiment's results (its epochs differ): choose another folder
    """
    check_folder(folder)
    for path in (folder / name for name in FOLDERS):
        check_folder(path)
    for path in (folder / name for name in FILES):
        if path.is_dir():
            raise _of_the_wrong_kind(path, "folder", "file")
    try:
        stored = unseal((folder / "experiment.json").read_bytes())
    except (FileNotFoundError, ValueError):  # a damaged one is mended with the rows at hand
        return
    wanted = json.loads(json.dumps(known or {}))
    differing = [name for name in wanted if stored.get(name) != wanted[name]]
    if differing:
        raise another_experiment(folder, differing)


def another_experiment(folder: Path, differing: Iterable[str]) -> InputError:
    """Return the error for a folder with the results of an experiment that differs in some."""
    return InputError(
        f"out is {str(folder)!r}, which holds another experiment's results (its "
        f"{', '.join(differing)} differ): choose another folder"
    )


def _of_the_wrong_kind(path: Path, found: str, needed: str) -> InputError:
    return InputError(
        f"{str(path)!r} is a {found} where a {needed} is needed for out: rename it or choose "
        "another out"
    )
