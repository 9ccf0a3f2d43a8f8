"""A published table as data: rows, columns and figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from imbtorch.errors import InputError
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe

Method = str | Callable[[int], Recipe]
"""Name of a recipe, or epochs -> recipe."""
Measure = Callable[[Mapping[str, Any]], float]
"""Row of results -> a figure, in per cent."""
Figure = float | tuple[float, float] | None
"""Published mean, or mean and standard deviation, in per cent; None where there is none."""


def metric(name: str) -> Measure:
    """Return the measure that is a stored metric, or its mean over the classes."""
    return lambda row: 100 * float(np.mean(row["metrics"][name]))


def group_mean(name: str, minority: bool) -> Measure:
    """Return the measure that averages a metric of each class over the minority or majority.

    A class is of the minority if its count is below half the mean count: those that were
    reduced are, and no other.
    """

    def measure(row: Mapping[str, Any]) -> float:
        counts = np.array(row["data"]["counts"])
        few = counts < counts.mean() / 2
        return 100 * float(np.array(row["metrics"][name])[few == minority].mean())

    return measure


@dataclass(frozen=True)
class Row:
    """A method of a table.

    Parameters
    ----------
    method : str, callable or None
        Its recipe; None shows what is published alone.
    other : mapping of str to method
        Measure -> the recipe that it is taken from instead.
    """

    method: Method | None
    other: Mapping[str, Method] = field(default_factory=dict)


@dataclass(frozen=True)
class PaperTable:
    """A published table.

    Parameters
    ----------
    title : str
        Which one.
    note : str
        What a reader should know: how the set-up differs from the paper's.
    rows : mapping of str to Row
        The methods.
    columns : mapping of str to mapping
        Title of a data set -> options of `make_task`.
    measures : mapping of str to callable
        Heading -> figure of a run.
    published : mapping
        Column -> row -> a figure for each measure.
    claims : mapping of str to sequence of str
        Row -> the rows it is above, by the paper.
    claimed : str
        The measure of which that is said.
    data_seeds : bool, default=False
        Whether the data are drawn anew for each training seed.
    """

    title: str
    note: str
    rows: Mapping[str, Row]
    columns: Mapping[str, Mapping[str, Any]]
    measures: Mapping[str, Measure]
    published: Mapping[str, Mapping[str, Sequence[Figure]]]
    claims: Mapping[str, Sequence[str]]
    claimed: str
    data_seeds: bool = False

    @cached_property
    def methods(self) -> list[Method]:
        """Every method that has to be run, once."""
        found = [m for row in self.rows.values() for m in (row.method, *row.other.values())]
        return list(dict.fromkeys(method for method in found if method is not None))

    def only(self, part: str) -> "PaperTable":
        """Return the table with the column `part`, or else those whose titles contain it."""
        found = [part] if part in self.columns else [c for c in self.columns if part in c]
        columns = {title: self.columns[title] for title in found}
        if not columns:
            raise InputError(
                f"columns is {part!r}, which is in no title; they are {'; '.join(self.columns)}"
            )
        return replace(self, columns=columns)


def recipe_of(method: Method, epochs: int) -> Recipe:
    """Return the recipe of a method."""
    return make_recipe(method, epochs) if isinstance(method, str) else method(epochs)
