"""Whether a file or folder can take what is written, as far as is known before the work."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imbtorch.data.sources import NO_FILES, path_of
from imbtorch.errors import InputError
from imbtorch.files import unseal

FOLDERS = ("checkpoints", "claims", "figures", "folds", "logs", "snapshots")
"""The folders in a folder of results."""
REPLACED = (
    *("pretrained.safetensors", "report.html", "classes.csv"),
    *("table.md", "table.tex", "table.csv"),
)
"""The files in it that are written anew, whatever they held."""
FILES = ("experiment.json", "results.jsonl", "failures.jsonl", "auto.txt", *REPLACED)
"""The files in it."""


def check_apart(
    out: Path, *given: str | None, names: Iterable[str] = (), option: str = "--out"
) -> None:
    """Raise an InputError if writing `out` would change what is read.

    Parameters
    ----------
    out : Path
        The file or folder to write; may be missing.
    *given : str or None
        DATA, and other files that are read. A folder is read with all that lies in it.
    names : iterable of str, optional
        The files and folders that are written in the folder `out`.
    option : str, default="--out"
        What `out` is called.

    Examples
    --------
    >>> check_apart(Path("runs"), "digits", None)
    >>> check_apart(Path("a"), ".")
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: out is 'a'; that would change '.', which is read: name another --out
    """
    for name in given:
        if name is None or not name.strip() or name in NO_FILES:
            continue
        path, written = path_of(name), (out, *(out / one for one in names))
        removed = out / "snapshots"
        if any(_lies_in(one, path) for one in written) or _lies_in(path, removed):
            raise InputError(
                f"out is {str(out)!r}; that would change {name!r}, which is read: name another "
                f"{option}"
            )


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path leads to a file or folder, or into it, by whatever names."""
    ends = {path.resolve(), path.parent.resolve() if path.is_symlink() else path.resolve()}
    return folder.exists() and any(
        one.exists() and one.samefile(folder) for end in ends for one in (end, *end.parents)
    )


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
    which holds another experiment's results (its epochs differ): choose another folder for out
    """
    check_folder(folder)
    for path in (folder / name for name in FOLDERS):
        check_folder(path)
    for path in (folder / name for name in FILES):
        if path.is_dir():
            raise _of_the_wrong_kind(path, "folder", "file")
    try:
        stored = unseal((folder / "experiment.json").read_bytes())
    except FileNotFoundError:
        _check_no_others(folder)
        return
    except ValueError:  # a damaged one is mended with the rows at hand
        return
    wanted = json.loads(json.dumps(known or {}))
    differing = [name for name in wanted if stored.get(name) != wanted[name]]
    if differing:
        raise another_experiment(folder, differing)


def _check_no_others(folder: Path) -> None:
    """Raise an InputError if a folder without results holds files that they would replace."""
    for name in (*REPLACED, "snapshots"):
        if (folder / name).exists():
            raise InputError(
                f"out is {str(folder)!r}, which holds no results and a {name} of unknown origin "
                "that they would replace: choose another folder for out"
            )


def another_experiment(folder: Path, differing: Iterable[str]) -> InputError:
    """Return the error for a folder with the results of an experiment that differs in some."""
    return InputError(
        f"out is {str(folder)!r}, which holds another experiment's results (its "
        f"{', '.join(differing)} differ): choose another folder for out"
    )


def _of_the_wrong_kind(path: Path, found: str, needed: str) -> InputError:
    return InputError(
        f"{str(path)!r} is a {found} where a {needed} is needed for out: rename it or choose "
        "another out"
    )
