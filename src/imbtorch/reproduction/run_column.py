"""Run one column of a published table: all its methods on one data set."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from imbtorch.comparison.duration import expected_seconds, in_words, sample_seconds, to_run
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.failures import Failure
from imbtorch.comparison.result_file import read_rows
from imbtorch.comparison.task import Task
from imbtorch.comparison.task_report import report_on
from imbtorch.comparison.tune import named
from imbtorch.comparison.validation import validation_task
from imbtorch.errors import InputError
from imbtorch.printable import printable
from imbtorch.progress import progress_bar
from imbtorch.reproduction.embedding_task import make_embedding_task
from imbtorch.reproduction.paper_table import PaperTable, Row
from imbtorch.reproduction.quick import few_of_each, few_steps
from imbtorch.reproduction.text_task import make_text_task
from imbtorch.reproduction.training_embeddings import keep_run
from imbtorch.training.recipe import Recipe

MEASUREMENTS = 4
"""About how often a run is measured during training; the table shows only its last epoch."""
TASKS: dict[str, Callable[..., Task]] = {
    "data": make_task,
    "texts": make_text_task,
    "embeddings": make_embedding_task,
}
"""``task`` of a column -> function that creates the task from the column's other options."""


def task_of(asked: Mapping[str, Any]) -> Task:
    """Return the task that a table's column describes."""
    options = {name: value for name, value in asked.items() if name != "task"}
    task = TASKS[asked.get("task", "data")](**options)
    return replace(task, measurements=MEASUREMENTS)


@dataclass(frozen=True)
class Options:
    """How to run a table.

    Parameters
    ----------
    seeds : int
        Training seeds 0..seeds-1.
    task : mapping
        Options of `make_task` that override the table's.
    quick : bool
        Whether to take only a few samples of each class, see `few_of_each`.
    figures : bool
        Whether to write a report with all figures for each column, for the first data seed.
    columns : str, optional
        Title of the column to run, or a part of the titles; by default all are run.
    stored : bool
        Whether to train nothing and take the runs that are stored.
    """

    seeds: int
    task: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = False
    figures: bool = False
    columns: str | None = None
    stored: bool = False

    @property
    def words(self) -> str:
        """These options as command-line arguments."""
        changed = "".join(f" --{name} {value}" for name, value in self.task.items())
        changed += f' --columns "{self.columns}"' if self.columns else ""
        changed += " --stored" if self.stored else ""
        return f" --seeds {self.seeds}{changed}" + (" --scale quick" if self.quick else "")


Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""Recipe name in the table, or title of a tuned row -> its result rows, one per seed."""


@dataclass(frozen=True)
class Column:
    """The runs on one data set.

    Parameters
    ----------
    runs : mapping
        Recipe or tuned row -> result rows.
    chosen : mapping
        Tuned row -> the recipe chosen for it.
    failures : sequence
        The runs that failed.
    data : mapping
        The data of the first data seed, as result rows describe it.
    folder : Path
        Where its runs are stored.
    """

    runs: Runs
    chosen: Mapping[str, str]
    failures: Sequence[Failure]
    data: Mapping[str, Any]
    folder: Path


def run_column(
    table: PaperTable,
    title: str,
    asked: Mapping[str, Any],
    root: Path,
    options: Options,
    progress: bool,
) -> Column:
    """Run all methods of a table on one data set, or find what is stored of it."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    chosen: dict[str, str] = {}
    failures: list[Failure] = []
    described: tuple[Mapping[str, Any], Path] | None = None
    with progress_bar(total=0, unit="epoch", desc=title, disable=not progress) as bar:
        for data_seed, of_grid in table.grids(options.seeds):
            first = data_seed == table.data_seed
            task = task_of({**asked, "data_seed": data_seed})
            task = few_of_each(task) if options.quick else task
            names = {recipe: recipe for recipe in table.recipes}
            for row, method in table.rows.items():
                if method.tune and not options.stored:  # else only all runs would tell the best
                    names[row] = chosen[row] = best_on_validation(task, method, root, bar)
            recipes = {key: task.recipe(name) for key, name in names.items()}
            if options.quick:
                recipes = {key: few_steps(recipe) for key, recipe in recipes.items()}
            bar.total += len(of_grid) * sum(recipe.all_epochs for recipe in recipes.values())
            bar.refresh()
            folder = root / "runs" / task.folder
            if options.stored:
                rows = read_rows(folder / "results.jsonl")
                _add(found, recipes, [row for row in rows if row["seed"] in of_grid])
                described = described or (task.identity()["data"], folder)
                continue
            described = described or (task.identity()["data"], folder)
            if progress and first and "task" not in asked and not options.quick:
                missing = to_run([*recipes.values()], len(of_grid), folder)
                seconds = expected_seconds(task, missing, options.seeds, sample_seconds(task))
                rest = " of the first trial" if table.data_seeds and options.seeds > 1 else ""
                took = in_words(seconds) if missing else f"all{rest} is stored"
                bar.write(printable(f"{title}: {took}"))
            keep = partial(keep_run, task, folder)
            outcome = run_grid(task, list(recipes.values()), of_grid, folder, bar, keep)
            rows = outcome.rows
            failures += outcome.failures
            if options.figures and first and rows:
                shown = [recipe.name for recipe in recipes.values()]
                report = report_on(task, folder, rows, shown, failures=outcome.failures)
                bar.write(printable(f"{title}: {report}"))
            _add(found, recipes, rows)
    assert described is not None
    if options.stored:
        found = {key: rows for key, rows in found.items() if rows}
        if not found:
            raise InputError(f"no run of it is stored in {described[1]}")
    return Column(found, chosen, failures, *described)


def _add(
    found: dict[str, list[Mapping[str, Any]]],
    recipes: Mapping[str, Recipe],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Add the result rows of each recipe."""
    for key, recipe in recipes.items():
        described = json.loads(json.dumps(recipe.describe()))
        found.setdefault(key, []).extend(row for row in rows if row["recipe"] == described)


def best_on_validation(task: Task, row: Row, root: Path, bar: Any) -> str:
    """Return a row's recipe with the options that do best on a validation split."""
    assert row.recipe is not None
    values = product(*row.tune.values())
    names = [named(row.recipe, dict(zip(row.tune, v, strict=True))) for v in values]
    validation = validation_task(task)
    recipes = [task.recipe(name) for name in names]
    bar.total += sum(recipe.all_epochs for recipe in recipes)
    rows = run_grid(validation, recipes, [0], root / "runs" / validation.folder, bar).rows
    if not rows:
        raise InputError(f"every run of {row.recipe} on the validation split failed")
    best = max(rows, key=lambda r: r["metrics"]["balanced_accuracy"])
    return str(best["recipe"]["name"])
