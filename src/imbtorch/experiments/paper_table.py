"""A published table as data: rows, columns and figures; and what runs it and shows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from tqdm import tqdm

from imbtorch.errors import InputError
from imbtorch.experiments.cells import Cell, claims, show
from imbtorch.experiments.grid import run_grid
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.store import write_atomically
from imbtorch.experiments.task import Task
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

    A class is of the minority if its count is below the mean count.
    """

    def measure(row: Mapping[str, Any]) -> float:
        counts = np.array(row["data"]["counts"])
        few = counts < counts.mean()
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


@dataclass(frozen=True)
class Options:
    """How a table is run.

    Parameters
    ----------
    seeds : int
        Training seeds 0..seeds-1.
    task : mapping
        Options of `make_task` in place of the table's.
    change : callable
        What becomes of each task.
    """

    seeds: int
    task: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Task], Task] = lambda task: task


def run_table(name: str, table: PaperTable, root: Path, options: Options) -> None:
    """Run a table, store each run, print ours beside theirs and write ``table.md``.

    Parameters
    ----------
    name : str
        Of the table: its folder below `root`.
    table : PaperTable
        What is run.
    root : Path
        Runs go to ``runs/`` in it, a folder for each task, where other tables find them.
    options : Options
        How.
    """
    text = f"# {table.title}\n\nMeasured (published), per cent. {table.note}\n"
    said: list[str] = []
    for column, asked in table.columns.items():
        try:
            rows = run_column(table, column, {**asked, **options.task}, root, options)
        except InputError as error:
            said.append(f"{column}: left out, {error}")
            continue
        cells = {row: column_cells(table, column, row, rows) for row in table.rows}
        title = f"{column}, {options.seeds} seed(s)"
        text += f"\n{show(title, list(table.measures), cells)}"
        place = list(table.measures).index(table.claimed)
        means = {row: values[place].ours[0] for row, values in cells.items()}
        said += [f"{column}, {table.claimed}: {c}" for c in claims(means, table.claims)]
    Console().print(*said, sep="\n")
    text += "\nThe paper's claims:\n\n- " + "\n- ".join(said) + "\n"
    (root / name).mkdir(parents=True, exist_ok=True)
    write_atomically(root / name / "table.md", text.encode())


Runs = Mapping[Method, Sequence[Mapping[str, Any]]]
"""Method -> its rows of results, one a seed."""


def run_column(
    table: PaperTable, column: str, asked: Mapping[str, Any], root: Path, options: Options
) -> Runs:
    """Run all methods of a table on one data set."""
    found: dict[Method, list[Mapping[str, Any]]] = {method: [] for method in table.methods}
    grids = (
        [(s, [s]) for s in range(options.seeds)]
        if table.data_seeds
        else [(0, list(range(options.seeds)))]
    )
    with tqdm(total=0, unit="epoch", dynamic_ncols=True, desc=column) as bar:
        for data_seed, seeds in grids:
            task = options.change(make_task(**{**asked, "data_seed": data_seed}))
            recipes = {m: recipe_of(m, task.epochs) for m in table.methods}
            bar.total += len(seeds) * sum(recipe.all_epochs for recipe in recipes.values())
            bar.refresh()
            folder = root / "runs" / task.folder
            rows = run_grid(task, list(recipes.values()), seeds, folder, bar)
            for method, recipe in recipes.items():
                found[method] += [row for row in rows if row["recipe"] == recipe.describe()]
    return found


def recipe_of(method: Method, epochs: int) -> Recipe:
    """Return the recipe of a method."""
    return make_recipe(method, epochs) if isinstance(method, str) else method(epochs)


def column_cells(table: PaperTable, column: str, row: str, runs: Runs) -> list[Cell]:
    """Return the cells of a row for one data set, one a measure."""
    cells = []
    figures = table.published.get(column, {}).get(row, [None] * len(table.measures))
    for (heading, measure), figure in zip(table.measures.items(), figures, strict=True):
        method = table.rows[row].other.get(heading, table.rows[row].method)
        mean, std = figure if isinstance(figure, tuple) else (figure, None)
        measured = None if method is None else [measure(run) for run in runs[method]]
        cells.append(Cell(mean, std, measured))
    return cells
