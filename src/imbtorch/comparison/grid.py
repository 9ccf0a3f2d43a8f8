"""Run the grid of recipes x seeds on one task; every run is stored, and none is repeated."""

import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any

from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.report.failures import Failure
from imbtorch.comparison.store import ResultStore
from imbtorch.comparison.task import Task
from imbtorch.comparison.tracking import Tracking
from imbtorch.files import is_about_storage
from imbtorch.printable import printable
from imbtorch.training.fit import FitResult
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.snapshots import Snapshots

Kept = Callable[[Recipe, int, FitResult, Outputs], None]
"""Called with recipe, seed, fitted result and held-out outputs, before the run is stored."""


def run_grid(
    task: Task,
    recipes: Sequence[Recipe],
    seeds: Iterable[int],
    folder: Path,
    bar: Any,
    keep: Kept | None = None,
    *,
    tidy: bool = True,
    tracking: Tracking | None = None,
    wait: bool = True,
) -> "Outcome":
    """Train by every recipe with every seed, except for stored runs.

    Parameters
    ----------
    task : Task
        Data, network and setup.
    recipes : sequence of Recipe
        Distinguished by all their parameters.
    seeds : iterable of int
        Training seeds.
    folder : Path
        Folder of the results, see `ResultStore`; it also holds the pretrained network, and
        `Snapshots` until all is done.
    bar : tqdm
        Its total is the epochs of all runs; stored runs are counted immediately.
    keep : callable, optional
        Stores more of a run than its row.
    tidy : bool, default=True
        Whether to remove the snapshots when all is done.
    tracking : Tracking, optional
        Takes each epoch of the runs, and the outcome of stored ones.
    wait : bool, default=True
        Whether to wait for runs that other processes work on.

    Returns
    -------
    Outcome
        A failed run has no row: it is recorded in ``failures.jsonl``, with a warning, and the
        others continue; the next call retries it.

    Notes
    -----
    Several processes may work on the same grid at once: each takes runs that no other works on.

    Raises
    ------
    InputError
        If the folder holds another experiment's results.
    OSError
        If a result, a checkpoint or a snapshot cannot be written: no further run is started.
    """
    store = ResultStore(folder, task.identity())
    ends = _phase_ends(recipes)

    @lru_cache(maxsize=1)
    def shared(fold: int | None) -> tuple[Task, Pretrained, Snapshots]:
        """Return the task of a seed with a fold, and what only runs on the same data may share."""
        asked = False

        def trained_epoch(row: object) -> None:
            nonlocal asked
            if not asked:
                asked, bar.total = True, bar.total + task.epochs
            bar.update()

        at, place = task.at(fold or 0), "" if fold is None else f"folds/seed{fold}"
        snapshots = Snapshots(folder / "snapshots" / place, keep_at=ends)
        path = store.folder / place / "pretrained.safetensors"
        return at, at.pretrained(path, trained_epoch, snapshots), snapshots

    def run(recipe: Recipe, seed: int) -> dict[str, Any]:
        bar.set_description(printable(f"{recipe.name}, seed {seed}"))
        at, pretrained, snapshots = shared(None if task.folds == 1 else seed)
        with nullcontext() if tracking is None else tracking.run(recipe.name, seed) as log:

            def on_epoch(row: dict[str, Any]) -> None:
                bar.update()
                if log is not None:
                    log(row)

            fitted = at.fit(recipe, seed, pretrained, on_epoch, snapshots)
            outputs = at.outputs(fitted.model)
            if keep is not None:
                keep(recipe, seed, fitted, outputs)
            row = at.result(recipe, seed, fitted, outputs)
            if log is not None:
                log.outcome(row["metrics"])
        return row

    cells = [(recipe, recipe.describe(), seed) for recipe, seed in product(recipes, seeds)]
    failures: dict[int, Failure] = {}
    # first the runs that no other process works on, then those that others did not finish
    for again in (False, True) if wait else (False,):
        for cell, (recipe, described, seed) in enumerate(cells):
            if again and (cell in failures or store.has(described, seed)):
                continue
            if store.has(described, seed):
                bar.update(recipe.all_epochs)
                continue
            try:
                store.fill(described, seed, partial(run, recipe, seed), wait=again)
            except Exception as error:
                if is_about_storage(error):
                    raise
                store.record_failure(described, seed, error)
                reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
                failures[cell] = recipe.name, seed, reason
                warnings.warn(f"{recipe.name}, seed {seed}, failed: {reason}", stacklevel=2)
    if tidy and not failures:
        shutil.rmtree(folder / "snapshots", ignore_errors=True)
    rows = [
        store.find(described, seed) for _, described, seed in cells if store.has(described, seed)
    ]
    if tracking is not None:
        tracking.stored(rows)
    return Outcome(rows, list(failures.values()))


@dataclass(frozen=True)
class Outcome:
    """What came of a grid.

    Attributes
    ----------
    rows : list of dict
        Rows of results, by recipe, then seed.
    failures : list of (str, int, str)
        Recipe name, training seed and reason of each run that failed.
    """

    rows: list[dict[str, Any]]
    failures: list[Failure]


def _phase_ends(recipes: Iterable[Recipe]) -> set[int]:
    """Return the epochs at which a phase ends, where another recipe may continue."""
    return {
        sum(phase.epochs for phase in recipe.phases[: index + 1] if phase.trains_network)
        for recipe in recipes
        for index in range(len(recipe.phases))
    }
