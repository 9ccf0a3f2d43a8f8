"""The grid: recipes x seeds on one task, each run stored and none repeated."""

import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from imbtorch.comparison.store import ResultStore
from imbtorch.comparison.task import Task
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe
from imbtorch.training.snapshots import Snapshots

Kept = Callable[[Recipe, int, FitResult], None]
"""Called with recipe, training seed and what came out, before the run is stored."""


def run_grid(
    task: Task,
    recipes: Sequence[Recipe],
    seeds: Iterable[int],
    folder: Path,
    bar: Any,
    keep: Kept | None = None,
    *,
    tidy: bool = True,
) -> list[dict[str, Any]]:
    """Train by every recipe with every seed, unless that is stored.

    Parameters
    ----------
    task : Task
        Data, network and set-up.
    recipes : sequence of Recipe
        Told apart by all their parameters.
    seeds : iterable of int
        Training seeds.
    folder : Path
        Of the results, see `ResultStore`; beside them the pretrained network, and `Snapshots`
        until all is done.
    bar : tqdm
        Its total is the epochs of all runs; those that are stored are counted at once.
    keep : callable, optional
        Keeps more of a run than its row.
    tidy : bool, default=True
        Whether to remove the snapshots when all is done.

    Returns
    -------
    list of dict
        Rows of results, by recipe, then seed. A run that failed has none: it is recorded in
        ``failures.jsonl``, with a warning, and the rest goes on; the next call tries it again.

    Notes
    -----
    Several processes may work on the same grid at once: each takes what no other is at.

    Raises
    ------
    InputError
        If the folder holds another experiment's results.
    """
    store = ResultStore(folder, task.identity())
    snapshots = Snapshots(folder / "snapshots", keep_at=_phase_ends(recipes))
    asked = False

    def trained_epoch(row: object) -> None:
        nonlocal asked
        if not asked:
            asked, bar.total = True, bar.total + task.epochs
        bar.update()

    path = store.folder / "pretrained.safetensors"
    pretrained = task.pretrained(path, trained_epoch, snapshots)

    def run(recipe: Recipe, seed: int) -> dict[str, Any]:
        bar.set_description(f"{recipe.name}, seed {seed}")
        fitted = task.fit(recipe, seed, pretrained, lambda row: bar.update(), snapshots)
        if keep is not None:
            keep(recipe, seed, fitted)
        return task.result(recipe, seed, fitted)

    cells = [(recipe, recipe.describe(), seed) for recipe in recipes for seed in seeds]
    failed = []
    # first what no other process is at, then what others have not finished after all
    for wait in (False, True):
        for recipe, described, seed in cells:
            if wait and ((described, seed) in failed or store.has(described, seed)):
                continue
            if store.has(described, seed):
                bar.update(recipe.all_epochs)
                continue
            try:
                store.fill(described, seed, partial(run, recipe, seed), wait=wait)
            except Exception as error:
                failed.append((described, seed))
                store.record_failure(described, seed, error)
                reason = f"{type(error).__name__}: {error}"
                warnings.warn(f"{recipe.name}, seed {seed}, failed: {reason}", stacklevel=2)
    if tidy and not failed:
        shutil.rmtree(snapshots.folder, ignore_errors=True)
    return [
        store.find(described, seed) for _, described, seed in cells if store.has(described, seed)
    ]


def _phase_ends(recipes: Iterable[Recipe]) -> set[int]:
    """Return the epochs at which a phase of a recipe ends, and another recipe may go on."""
    return {
        sum(phase.epochs for phase in recipe.phases[: index + 1] if phase.trains_network)
        for recipe in recipes
        for index in range(len(recipe.phases))
    }
