"""What runs a published table, and shows ours beside theirs."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from tqdm import tqdm

from imbtorch.errors import InputError
from imbtorch.evaluation.report import write_report
from imbtorch.experiments.cells import Cell, claims, show
from imbtorch.experiments.grid import run_grid
from imbtorch.experiments.kept import KINDS, keep_for_pictures, stored
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.page import write_page
from imbtorch.experiments.paper_table import Method, PaperTable, recipe_of
from imbtorch.experiments.quick import few_of_each

MEASUREMENTS = 4
"""How often, about, a run is measured on the way: its last epoch is what the table shows."""


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


def run_table(name: str, table: PaperTable, root: Path, options: Options) -> None:
    """Run a table, store each run, print ours beside theirs, write ``table.md`` and ``table.html``.

    Parameters
    ----------
    name : str
        Of the table: its folder below `root` (with -quick where it is).
    table : PaperTable
        What is run.
    root : Path
        Runs go to ``runs/`` in it, a folder for each task, where other tables find them.
    options : Options
        How.
    """
    quick = " (quick scale: to see that it runs)" if options.quick else ""
    changed = ", ".join(f"{name} {value}" for name, value in options.task.items())
    note = f"{table.note} In place of the table's own: {changed}." if changed else table.note
    text = f"# {table.title}{quick}\n\nMeasured (published), per cent. {note}\n"
    said: list[str] = []
    for column, rows in gather(table, root, options).items():
        if isinstance(rows, InputError):
            said.append(f"{column}: left out, {rows}")
            continue
        cells = {row: column_cells(table, column, row, rows) for row in table.rows}
        title = f"{column}, {options.seeds} seed(s)"
        text += f"\n{show(title, list(table.measures), cells)}"
        place = list(table.measures).index(table.claimed)
        means = {row: values[place].ours[0] for row, values in cells.items()}
        said += [f"{column}, {table.claimed}: {c}" for c in claims(means, table.claims)]
    Console().print(*said, sep="\n")
    command = f"reproduce {name}{options.words}"
    if said:
        text += "\nThe paper's claims:\n\n- " + "\n- ".join(said) + "\n"
    write_page(root / (f"{name}-quick" if options.quick else name), text, command)


def gather(
    table: PaperTable, root: Path, options: Options, *, progress: bool = True
) -> dict[str, "Runs | InputError"]:
    """Run what is not stored of a table; return the runs of each column, or why there are none."""
    found: dict[str, Runs | InputError] = {}
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


Runs = Mapping[Method, Sequence[Mapping[str, Any]]]
"""Method -> its rows of results, one a seed."""


def run_column(
    table: PaperTable,
    column: str,
    asked: Mapping[str, Any],
    root: Path,
    options: Options,
    progress: bool,
) -> Runs:
    """Run all methods of a table on one data set."""
    found: dict[Method, list[Mapping[str, Any]]] = {method: [] for method in table.methods}
    grids = (
        [(s, [s]) for s in range(options.seeds)]
        if table.data_seeds
        else [(0, list(range(options.seeds)))]
    )
    with tqdm(total=0, unit="epoch", dynamic_ncols=True, desc=column, disable=not progress) as bar:
        for data_seed, seeds in grids:
            task = make_task(**{**asked, "data_seed": data_seed})
            task = replace(task, measurements=MEASUREMENTS)
            task = few_of_each(task) if options.quick else task
            recipes = {m: recipe_of(m, task.epochs) for m in table.methods}
            bar.total += len(seeds) * sum(recipe.all_epochs for recipe in recipes.values())
            bar.refresh()
            folder = root / "runs" / task.folder
            keep = partial(keep_for_pictures, task, folder)
            rows = run_grid(task, list(recipes.values()), seeds, folder, bar, keep)
            if options.figures and data_seed == 0 and rows:
                names = [recipe.name for recipe in recipes.values()]
                write_report(folder, rows, *(stored(folder, names, kind) for kind in KINDS))
                bar.write(f"{column}: {folder / 'report.html'}")
            for method, recipe in recipes.items():
                found[method] += [row for row in rows if row["recipe"] == recipe.describe()]
    return found


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
