"""Read a cost matrix from a CSV file whose first row and first column name the classes."""

import csv
import warnings
from collections.abc import Sequence
from itertools import islice
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imbtorch.errors import InputError

LONGEST = 2**28
"""Bytes of a file that is read, at most: a matrix of some thousand classes."""


def read_costs(path: str | Path, classes: Sequence[str]) -> NDArray[np.float64]:
    """Read what it costs to decide for the class of a column where that of a row is true.

    Parameters
    ----------
    path : str or Path
        CSV file of K + 1 rows and columns; both may name the classes in any order, and the first
        cell may hold anything::

            true,good,scratch
            good,0,1
            scratch,20,0

    classes : sequence of str
        The K class names of the data.

    Returns
    -------
    ndarray of shape (K, K), float64
        Rows and columns in the order of `classes`.

    Raises
    ------
    InputError
        If the file is missing or no such table, a class is missing, unknown or there twice, or a
        cost is no finite number.

    Warns
    -----
    UserWarning
        If a wrong decision costs less than the right one, as where gains are given.
    """
    path = Path(path)
    rows = _rows(path, len(classes))
    names = [name.strip() for name in rows[0][1:]]
    _check_names(path, names, classes, "column")
    _check_names(path, [row[0].strip() for row in rows[1:]], classes, "row")
    costs = np.empty((len(classes), len(classes)))
    places = {name: k for k, name in enumerate(classes)}
    for row in rows[1:]:
        for name, cell in zip(names, row[1:], strict=True):
            where = places[row[0].strip()], places[name]
            costs[where] = _number(cell, f"{row[0].strip()!r} decided as {name!r}", path)
    _warn_of_gains(path, costs, classes)
    return costs


def _rows(path: Path, number: int) -> list[list[str]]:
    """Return the header and one row a class, all of one length."""
    if not path.is_file():
        raise InputError(f"cost is {str(path)!r}; there is no such file")
    if path.stat().st_size > LONGEST:
        raise InputError(f"cost is {str(path)!r}; it is too large for a table of {number} classes")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            read = csv.reader(file, strict=True)
            rows = list(islice((row for row in read if any(map(str.strip, row))), number + 2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cost is {str(path)!r}, which cannot be read as CSV: {error}") from error
    widths = sorted({len(row) for row in rows})
    if len(rows) != number + 1 or widths != [number + 1]:
        found = f"{'more' if len(rows) > number + 1 else len(rows)} rows of "
        found += f"{' or '.join(map(str, widths)) or 0} cells"
        raise InputError(
            f"cost is {str(path)!r}, with {found}; for {number} classes, a header and {number} "
            f"rows of {number + 1} cells, separated by commas, are needed: the true class, then "
            "the cost of each decision"
        )
    return rows


def _check_names(path: Path, names: Sequence[str], classes: Sequence[str], kind: str) -> None:
    for name in names:
        if name not in classes:
            shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
            raise InputError(
                f"cost is {str(path)!r}; {name!r}, the name of a {kind}, is no class of the data: "
                f"these are {shown}"
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"cost is {str(path)!r}; it names the {kind} {twice[0]!r} twice")


def _warn_of_gains(path: Path, costs: NDArray[np.float64], classes: Sequence[str]) -> None:
    """Warn if a wrong decision costs less than the right one."""
    wrong = np.argwhere(costs < np.diag(costs)[:, None])
    if len(wrong):
        true, decided = wrong[0].tolist()
        warnings.warn(
            f"cost is {str(path)!r}; where {classes[true]!r} is true, to decide for "
            f"{classes[decided]!r} costs {costs[true, decided]:g}, less than the right decision "
            f"({costs[true, true]:g}): if these are gains, change their sign",
            stacklevel=3,
        )


def _number(cell: str, what: str, path: Path) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InputError(
            f"cost is {str(path)!r}; the cost of {what} is {cell.strip()!r}, no finite number"
        )
    return value
