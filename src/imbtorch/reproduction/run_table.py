"""Run a published table and show our figures next to the published ones."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from itertools import zip_longest
from math import isnan
from pathlib import Path
from typing import Any

import torch

from imbtorch.comparison.report.failures import failure_lines
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.printable import in_markdown, plural
from imbtorch.reproduction.cells import Cell, claims, show
from imbtorch.reproduction.page import write_page
from imbtorch.reproduction.paper_table import PaperTable
from imbtorch.reproduction.run_column import Column, Options, Runs, run_column
from imbtorch.stopping import Terminated, passed_on, terminable

with extra("cli"):
    from joblib import Parallel, delayed, parallel_config
    from rich.console import Console


def run_table(table: PaperTable, root: Path, options: Options) -> int:
    """Run a table, store each run, print the comparison, write ``table.md`` and ``table.html``.

    Parameters
    ----------
    table : PaperTable
        Table to run; its folder inside `root` has its name (plus -quick at quick scale).
    root : Path
        Runs go to ``runs/`` inside it, one folder per task, where other tables find them.
    options : Options
        How to run it.

    Returns
    -------
    int
        Number of runs that failed; they are listed below the table.

    Raises
    ------
    InputError
        If no column's data is available, or every run failed.
    """
    quick = " (quick scale: only to check that it runs)" if options.quick else ""
    changed = ", ".join(f"{name} {value}" for name, value in options.task.items())
    note = f"{table.note} Changed from the table's setup: {changed}." if changed else table.note
    note += " Only what is stored is shown." if options.stored else ""
    text = f"# {table.title}{quick}\n\nMeasured (published), percent. {note}\n"
    said: list[str] = []
    failed: list[str] = []
    found = gather(table, root, options)
    absent = [rows for rows in found.values() if isinstance(rows, InputError)]
    if len(absent) == len(found):
        raise absent[0]
    columns = [column for column in found.values() if not isinstance(column, InputError)]
    failures = [failure for column in columns for failure in column.failures]
    if not any(rows for column in columns for rows in column.runs.values()):
        raise InputError(f"every run failed: {failure_lines(failures)[0]}")
    for column, rows in found.items():
        if isinstance(rows, InputError):
            said.append(f"{column}: left out, {rows}")
        else:
            failed += [f"{column}, {line}" for line in failure_lines(rows.failures)]
    runs = {title: rows.runs for title, rows in found.items() if isinstance(rows, Column)}
    for section in [*runs] if table.together is None else [table.together]:
        cells = {row: row_cells(table, section, row, runs) for row in table.rows}
        title = f"{section}, {plural(options.seeds, 'seed')}"
        text += f"\n{show(title, list(table.measures), cells)}"
        ran = found.get(section)
        if isinstance(ran, Column) and ran.chosen:
            tuned = [f"{row}: {name}" for row, name in ran.chosen.items()]
            text += "\nChosen on a fifth of the training set:\n\n- " + "\n- ".join(tuned) + "\n"
            Console().print(*tuned, sep="\n")
        place = list(table.measures).index(table.claimed)
        means = {row: values[place].ours[0] for row, values in cells.items()}
        if options.stored:  # the cells say what has not been run
            claimed = {*table.claims, *(row for below in table.claims.values() for row in below)}
            means = {r: mean for r, mean in means.items() if r in claimed or not isnan(mean)}
        said += [f"{section}, {table.claimed}: {c}" for c in claims(means, table.claims)]
    Console().print(*said, *failed, sep="\n", markup=False, emoji=False)
    command = f"reproduce {table.name}{options.words}"
    if said:
        text += "\nThe paper's claims:\n\n- " + "\n- ".join(map(in_markdown, said)) + "\n"
    if failed:
        text += "\nRuns that failed:\n\n- " + "\n- ".join(map(in_markdown, failed)) + "\n"
    name = f"{table.name}-quick" if options.quick else table.name
    write_page(root / name, text, command)
    return len(failures)


def gather(
    table: PaperTable, root: Path, options: Options, *, progress: bool = True
) -> dict[str, "Column | InputError"]:
    """Run what is not yet stored of a table; return each column's runs, or why it has none."""
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
    """Run what is not yet stored of a table in several processes, which share the cores.

    Parameters
    ----------
    table, root, options
        As for `run_table`.
    jobs : int
        Number of processes. Each takes runs that no other process is working on, so the same
        command on another machine with the same disk takes its share too.
    backend : str, default="loky"
        joblib's backend: loky, or dask or ray if installed. Dask uses the cluster that its
        configuration names (``DASK_SCHEDULER_ADDRESS``) and ray the one at ``RAY_ADDRESS``; the
        default is a cluster on this machine. All machines need `root` under the same path.

    Raises
    ------
    InputError
        If the backend is unknown or not installed.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    work, stopped = delayed(_gather_quietly), list[bool]()
    listening: Callable[[], AbstractContextManager[list[bool]]] = (
        passed_on if backend == "loky" else lambda: nullcontext([])
    )
    with _cluster(backend), parallel_config(backend=backend):
        while jobs > 1:
            try:
                with listening() as stopped:
                    Parallel(n_jobs=jobs)(work(table, root, options, threads) for _ in range(jobs))
                break
            except BrokenExecutor:
                if stopped:
                    break
                jobs -= 1  # it may have taken too much memory
                then = f"in {jobs} processes" if jobs > 1 else "in this process alone"
                warnings.warn(
                    "a worker process was killed (out of memory?): the runs that were under way go "
                    f"on from their last snapshots, {then}",
                    stacklevel=2,
                )
    if stopped:
        raise Terminated


def _cluster(backend: str) -> AbstractContextManager[Any]:
    """Return a connection to the cluster of joblib's backend, to be closed afterwards."""
    if backend not in ("loky", "dask", "ray"):
        raise InputError(f"backend is {backend!r}; it must be loky, dask or ray")
    try:
        if backend == "dask":
            client: AbstractContextManager[Any] = import_module("distributed").Client()
            return client
        if backend == "ray":
            import_module("ray.util.joblib").register_ray()
    except ImportError as error:
        package = {"dask": "dask[distributed]", "ray": "ray"}[backend]
        raise InputError(
            f"backend is {backend!r}, which is not installed: pip install '{package}'"
        ) from error
    return nullcontext()


def _gather_quietly(table: PaperTable, root: Path, options: Options, threads: int) -> None:
    torch.set_num_threads(threads)
    with terminable(), suppress(Terminated):  # the process that passed the signal on says it
        gather(table, root, options, progress=False)


def row_cells(table: PaperTable, section: str, row: str, runs: Mapping[str, Runs]) -> list[Cell]:
    """Return a row's cells in one section, one per measure, from the runs of each column."""
    cells = []
    method, published = table.rows[row], table.published.get(section, {}).get(row, ())
    for (title, heading), figure in zip_longest(table.measures.items(), published):
        column = method.column or heading.column or section
        recipe = method.other.get(title, method.recipe or heading.recipe)
        key = row if method.tune else recipe
        mean, std = figure if isinstance(figure, Sequence) else (figure, None)
        measured = None
        if key is not None and key in runs.get(column, {}):
            measured = [heading(run, method.classes) for run in runs[column][key]]
        cells.append(Cell(mean, std, measured, elsewhere=key is None))
    return cells
