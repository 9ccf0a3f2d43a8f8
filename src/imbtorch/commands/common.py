"""What several commands share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError


def say(lines: Iterable[str]) -> None:
    """Print lines, each at once."""
    for line in lines:
        print(line, flush=True)


def add_task_options(parser: Any) -> None:
    """Add the options of `make_task`, DATA as the first argument."""
    from imbtorch.comparison.make_task import make_task

    parser.add_function_arguments(make_task, as_positional=True)


def npz_path(out: str) -> Path:
    """Return the path of an ``.npz`` to write."""
    if Path(out).suffix != ".npz":
        raise InputError(f"out is {out!r}; a file name that ends in .npz is needed")
    return Path(out)
