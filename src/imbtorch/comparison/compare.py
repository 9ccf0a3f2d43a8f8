"""Compare recipes over several seeds on one task: resumable runs, then a report."""

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from imbtorch.comparison.folded_task import FoldedTask
from imbtorch.comparison.frozen_task import embedded_once
from imbtorch.comparison.grid import Outcome, run_grid
from imbtorch.comparison.kept import (
    check_checkpoints,
    checkpoint_path,
    file_name,
    keep_for_pictures,
    restore_embeddings,
)
from imbtorch.comparison.out_folder import check_out
from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.report.failures import failure_lines
from imbtorch.comparison.run_files import bring_files
from imbtorch.comparison.suits import check_recipe
from imbtorch.comparison.task import Task
from imbtorch.comparison.task_report import report_on
from imbtorch.comparison.task_words import leak_words
from imbtorch.comparison.tracking import Tracking
from imbtorch.data.arrays import labels_of
from imbtorch.data.profiles.class_groups import SHOTS
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole
from imbtorch.progress import progress_bar
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe
from imbtorch.training.try_out import check_resampling


def compare(
    task: Task,
    recipes: Sequence[str | Recipe],
    *,
    seeds: int = 3,
    out: str | Path,
    shots: tuple[int, int] = SHOTS,
    progress: bool = True,
    log: str | None = None,
) -> Outcome:
    """Train by every recipe with every seed, store each run, and write the report.

    Parameters
    ----------
    task : Task
        Data, network and setup, see `make_task`.
    recipes : sequence of str or Recipe
        Names, see `make_recipe`, or your own recipes, each with a different name. One that is given
        twice is taken once.
    seeds : int, default=3
        Training seeds 0..seeds-1; of a task with folds, how often all folds are run, each time
        divided anew.
    out : str or Path
        Folder for ``results.jsonl``, ``report.html``, ``figures/`` and ``checkpoints/``. Runs
        stored there are not repeated, and a checkpoint that is damaged or missing is reported
        with a warning; an interrupted run resumes from its last `Snapshots`, and
        recipes that start alike share their start.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes in the report, see `shot_groups`.
    progress : bool, default=True
        Whether to show a progress bar, over the epochs of all runs.
    log : str, optional
        Tracker of each epoch, see `Tracking`.

    Returns
    -------
    Outcome
        The rows of these recipes and seeds, as stored, and the runs that failed, which also stand
        in the report.

    Raises
    ------
    InputError
        If a recipe is unknown or cannot be copied for each run, two have the same name but other
        parameters, the folder holds another experiment's results, or every run failed.
    """
    check_whole("seeds", seeds, 1)
    described = _distinct([task.recipe(recipe) for recipe in recipes])
    if not described:
        raise InputError("recipes is empty; name at least one, such as erm")
    runs = seeds * task.folds
    smallest = task.smallest(runs) if isinstance(task, FoldedTask) else task.data.counts
    labels = [k for k, n in enumerate(smallest) for _ in range(n)]
    for recipe in described:
        check_resampling(recipe.copied(), labels)
        check_recipe(task, recipe)
    if task.data.leaked:
        warnings.warn(leak_words(task.data.leaked, len(labels_of(task.data.test))), stacklevel=2)
    folder, names = Path(out), [recipe.name for recipe in described]
    check_out(folder, task.identity())
    for recipe in described:
        bring_files(folder, recipe, range(runs))
    tracking = None if log is None else Tracking(log, folder)
    task = embedded_once(task, progress=progress)
    total = runs * sum(recipe.all_epochs for recipe in described)
    with progress_bar(total=total, unit="epoch", disable=not progress) as bar:
        keep = partial(_keep, task, folder)
        outcome = run_grid(task, described, range(runs), folder, bar, keep, tracking=tracking)
    rows, failures = outcome.rows, outcome.failures
    if not rows:
        file = folder / "failures.jsonl"
        raise InputError(f"every run failed, see {file}: {failure_lines(failures)[0]}")
    first = task.at(0)
    check_checkpoints(first, folder, rows)
    for name in {row["recipe"]["name"] for row in rows if row["seed"] == 0}:
        restore_embeddings(first, folder, name)
    report_on(task, folder, rows, names, shots=shots, failures=failures)
    return outcome


def _distinct(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return each recipe once; raise an InputError if two would be stored by one name."""
    known: dict[str, Recipe] = {}
    for recipe in recipes:
        other = known.setdefault(file_name(recipe.name), recipe)
        if other.describe() != recipe.describe():
            raise InputError(
                f"recipes has two, {other.name!r} and {recipe.name!r}, with other parameters but "
                "the same names of files: give each a name of its own"
            )
    return list(known.values())


def _keep(
    task: Task, folder: Path, recipe: Recipe, seed: int, fitted: FitResult, outputs: Outputs
) -> None:
    """Store the trained network, and what the report shows of it."""
    task = task.at(seed)
    path = checkpoint_path(folder, recipe.name, seed)
    task.save(path, recipe, seed, fitted.model, outputs, share=True)
    keep_for_pictures(folder, recipe, seed, fitted, outputs, task.data.fold)
