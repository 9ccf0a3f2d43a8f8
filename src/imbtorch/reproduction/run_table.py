"""What runs a published table, and shows ours beside theirs."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from tqdm import tqdm

from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.kept import KINDS, keep_for_pictures, stored
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.task import Task
from imbtorch.comparison.tune import named, validation_task
from imbtorch.errors import InputError
from imbtorch.reproduction.cells import Cell, claims, show
from imbtorch.reproduction.embedding_task import make_embedding_task
from imbtorch.reproduction.page import write_page
from imbtorch.reproduction.paper_table import PaperTable, Row
from imbtorch.reproduction.quick import few_of_each
from imbtorch.reproduction.text_task import make_text_task

MEASUREMENTS = 4
"""How often, about, a run is measured on the way: its last epoch is what the table shows."""
TASKS: dict[str, Callable[..., Task]] = {
    "data": make_task,
    "texts": make_text_task,
    "embeddings": make_embedding_task,
}
"""``task`` of a column -> what makes it of the column's other options."""


def task_of(asked: Mapping[str, Any]) -> Task:
    """Return the task that a column of a table asks for."""
    options = {name: value for name, value in asked.items() if name != "task"}
    task = TASKS[asked.get("task", "data")](**options)
    return replace(task, measurements=MEASUREMENTS)


@dataclass(frozen=True)
class Options:
    """How a table is run.

    Parameters
    ----------
    seeds : int
        Training seeds 0..seeds-1.
    task : mapping
        Options of `make_task` in place of the table's.
    quick : bool
        Whether a few samples of each class are taken, see `few_of_each`.
    figures : bool
        Whether a report with all figures is written for each column, of the first data seed.
    columns : str, optional
        Title of the column that is run, or what the titles contain; by default all are run.
    """

    seeds: int
    task: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = False
    figures: bool = False
    columns: str | None = None

    @property
    def words(self) -> str:
        """These options as the command line takes them."""
        changed = "".join(f" --{name} {value}" for name, value in self.task.items())
        changed += f' --columns "{self.columns}"' if self.columns else ""
        return f" --seeds {self.seeds}{changed}" + (" --scale quick" if self.quick else "")


def run_table(table: PaperTable, root: Path, options: Options) -> None:
    """Run a table, store each run, print ours beside theirs, write ``table.md`` and ``table.html``.

    Parameters
    ----------
    table : PaperTable
        What is run; its name is that of its folder below `root` (with -quick where it is).
    root : Path
        Runs go to ``runs/`` in it, a folder for each task, where other tables find them.
    options : Options
        How.

    Raises
    ------
    InputError
        If the data of no column can be had.
    """
    quick = " (quick scale: to see that it runs)" if options.quick else ""
    changed = ", ".join(f"{name} {value}" for name, value in options.task.items())
    note = f"{table.note} In place of the table's own: {changed}." if changed else table.note
    text = f"# {table.title}{quick}\n\nMeasured (published), per cent. {note}\n"
    said: list[str] = []
    found = gather(table, root, options)
    absent = [rows for rows in found.values() if isinstance(rows, InputError)]
    if len(absent) == len(found):
        raise absent[0]
    for column, rows in found.items():
        if isinstance(rows, InputError):
            said.append(f"{column}: left out, {rows}")
            continue
        cells = {row: column_cells(table, column, row, rows.runs) for row in table.rows}
        title = f"{column}, {options.seeds} seed(s)"
        text += f"\n{show(title, list(table.measures), cells)}"
        if rows.chosen:
            tuned = [f"{row}: {name}" for row, name in rows.chosen.items()]
            text += "\nChosen on a fifth of the training set:\n\n- " + "\n- ".join(tuned) + "\n"
            Console().print(*tuned, sep="\n")
        place = list(table.measures).index(table.claimed)
        means = {row: values[place].ours[0] for row, values in cells.items()}
        said += [f"{column}, {table.claimed}: {c}" for c in claims(means, table.claims)]
    Console().print(*said, sep="\n")
    command = f"reproduce {table.name}{options.words}"
    if said:
        text += "\nThe paper's claims:\n\n- " + "\n- ".join(said) + "\n"
    name = f"{table.name}-quick" if options.quick else table.name
    write_page(root / name, text, command)


def gather(
    table: PaperTable, root: Path, options: Options, *, progress: bool = True
) -> dict[str, "Column | InputError"]:
    """Run what is not stored of a table; return the runs of each column, or why there are none."""
    found: dict[str, Column | InputError] = {}
    for column, asked in table.columns.items():
        try:
            asked = {**asked, **options.task}
            found[column] = run_column(table, column, asked, root, options, progress)
        except InputError as error:
            found[column] = error
    return found


def gather_side_by_side(
    table: PaperTable, root: Path, options: Options, *, jobs: int, backend: str = "loky"
) -> None:
    """Run what is not stored of a table in several processes; they share out the cores.

    Parameters
    ----------
    table, root, options
        As for `run_table`.
    jobs : int
        Number of processes. Each takes the runs that no other is at, so that the same command
        on another machine with the same disk takes its share too.
    backend : str, default="loky"
        Of joblib: loky, or dask or ray where they are installed. Dask's cluster is the one that
        its configuration names (``DASK_SCHEDULER_ADDRESS``), ray's the one of ``RAY_ADDRESS``,
        else one on this machine. All machines need `root` under the same path.

    Raises
    ------
    InputError
        If the backend is unknown or not installed.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with _cluster(backend), parallel_config(backend=backend):
        work = delayed(_gather_quietly)
        Parallel(n_jobs=jobs)(work(table, root, options, threads) for _ in range(jobs))


def _cluster(backend: str) -> AbstractContextManager[Any]:
    """Return a connection to what joblib's backend runs on, to be closed afterwards."""
    if backend not in ("loky", "dask", "ray"):
        raise InputError(f"backend is {backend!r}; it must be loky, dask or ray")
    try:
        if backend == "dask":
            client: AbstractContextManager[Any] = import_module("distributed").Client()
            return client
        if backend == "ray":
            import_module("ray.util.joblib").register_ray()
    except ImportError as error:
        raise InputError(f"backend is {backend!r}, which is not installed: {error}") from error
    return nullcontext()


def _gather_quietly(table: PaperTable, root: Path, options: Options, threads: int) -> None:
    torch.set_num_threads(threads)
    gather(table, root, options, progress=False)


Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""Recipe as the table names it -> its rows of results, one a seed; a tuned row by its title."""


@dataclass(frozen=True)
class Column:
    """The runs of one data set, and the recipes chosen for the rows that are tuned."""

    runs: Runs
    chosen: Mapping[str, str]


def run_column(
    table: PaperTable,
    title: str,
    asked: Mapping[str, Any],
    root: Path,
    options: Options,
    progress: bool,
) -> Column:
    """Run all methods of a table on one data set."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    chosen: dict[str, str] = {}
    seeds = range(options.seeds)
    grids = [(s, [s]) for s in seeds] if table.data_seeds else [(0, list(seeds))]
    with tqdm(total=0, unit="epoch", dynamic_ncols=True, desc=title, disable=not progress) as bar:
        for data_seed, of_grid in grids:
            task = task_of({**asked, "data_seed": data_seed})
            task = few_of_each(task) if options.quick else task
            names = {recipe: recipe for recipe in table.recipes}
            for row, method in table.rows.items():
                if method.tune:
                    names[row] = chosen[row] = best_on_validation(task, method, root, bar)
            recipes = {key: task.recipe(name) for key, name in names.items()}
            bar.total += len(of_grid) * sum(recipe.all_epochs for recipe in recipes.values())
            bar.refresh()
            folder = root / "runs" / task.folder
            keep = partial(keep_for_pictures, task, folder)
            rows = run_grid(task, list(recipes.values()), of_grid, folder, bar, keep)
            if options.figures and data_seed == 0 and rows:
                shown = [recipe.name for recipe in recipes.values()]
                write_report(folder, rows, *(stored(folder, shown, kind) for kind in KINDS))
                bar.write(f"{title}: {folder / 'report.html'}")
            for key, recipe in recipes.items():
                mine = [row for row in rows if row["recipe"] == recipe.describe()]
                found.setdefault(key, []).extend(mine)
    return Column(found, chosen)


def best_on_validation(task: Task, row: Row, root: Path, bar: Any) -> str:
    """Return the recipe of a row with the options that are best on a validation split."""
    assert row.recipe is not None
    values = product(*row.tune.values())
    names = [named(row.recipe, dict(zip(row.tune, v, strict=True))) for v in values]
    validation = validation_task(task)
    recipes = [task.recipe(name) for name in names]
    bar.total += sum(recipe.all_epochs for recipe in recipes)
    rows = run_grid(validation, recipes, [0], root / "runs" / validation.folder, bar)
    if not rows:
        raise InputError(f"every run of {row.recipe} on the validation split failed")
    best = max(rows, key=lambda r: r["metrics"]["balanced_accuracy"])
    return str(best["recipe"]["name"])


def column_cells(table: PaperTable, column: str, row: str, runs: Runs) -> list[Cell]:
    """Return the cells of a row for one data set, one a measure."""
    cells = []
    method, published = table.rows[row], table.published.get(column, {}).get(row, ())
    for (heading, measure), figure in zip_longest(table.measures.items(), published):
        key = row if method.tune else method.other.get(heading, method.recipe)
        mean, std = figure if isinstance(figure, Sequence) else (figure, None)
        measured = None if key is None else [measure(run) for run in runs[key]]
        cells.append(Cell(mean, std, measured))
    return cells
