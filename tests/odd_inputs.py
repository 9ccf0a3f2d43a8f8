"""The table of odd inputs: a case is an input, how it is made, and what must come of it.

`odd_folders`, `odd_images`, `odd_columns`, `odd_labels`, `odd_table_files`, `odd_exports` and
`odd_arrays` hold the cases; `test_right_or_refused` takes each through every door.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

Make = Callable[[Path], Any]


@dataclass(frozen=True)
class Case:
    """An input that is read rightly (`said` is None or in the notes) or refused (by `said`).

    `make` writes the input at a path, or returns another DATA argument. `doors` is "unreadable"
    where inspect lists what the other doors refuse, or names how many doors refuse.
    """

    name: str
    make: Make
    right: bool
    said: str | None = None
    train: int = 0
    test: int = 0
    left_out: int = 0
    classes: Any = None
    shape: tuple[int, ...] | None = None
    mean: tuple[float, float] | None = None
    counts: tuple[list[int], list[int]] | None = None
    analyzer: str | None = None
    suffix: str = ""
    options: tuple[str, ...] = ()
    doors: Any = None


def right(name: str, make: Any, train: int = 0, test: int = 0, **more: Any) -> Any:
    """Return a case that is read; with a list for `make`, a decorator that adds the case to it."""
    return _case(name, make, train=train, test=test, right=True, **more)


def refused(name: str, make: Any, said: str, **more: Any) -> Any:
    """Return a case that is refused; with a list for `make`, a decorator as of `right`."""
    return _case(name, make, said=said, right=False, **more)


def _case(name: str, make: Any, **more: Any) -> Any:
    if not isinstance(make, list):
        return Case(name, make, **more)

    def add(function: Make) -> None:
        make.append(Case(name, function, **more))

    return add


def csv(name: str, columns: dict, said: str | None = None, suffix: str = ".csv", **more) -> Case:
    """Return a CSV of 24 rows that is read."""
    make = _writer(columns, **more.pop("how", {}))
    return right(name, make, said=said, suffix=suffix, **{"train": 18, "test": 6, **more})


def no_csv(name: str, columns: dict, said: str, suffix: str = ".csv", **more) -> Case:
    """Return a CSV that is refused."""
    return refused(name, _writer(columns, **more.pop("how", {})), said, suffix=suffix, **more)


def _writer(columns: dict, **how: Any) -> Make:
    def make(path: Path) -> None:
        pd.DataFrame(columns).to_csv(path, **{"index": False, **how})

    return make
