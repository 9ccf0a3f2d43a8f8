"""The grid: recipes x seeds on one task, each run stored and none repeated."""

import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from imbtorch.experiments.store import ResultStore
from imbtorch.experiments.task import Task
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
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
        Of the results, see `ResultStore`; beside them the generator, and `Snapshots` until all
        is done.
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
    generator = SharedGenerator(task, store, bar, snapshots)

    def run(recipe: Recipe, seed: int) -> dict[str, Any]:
        bar.set_description(f"{recipe.name}, seed {seed}")
        generator.used = False
        fitted = task.fit(recipe, seed, generator, lambda row: bar.update(), snapshots)
        row = task.result(recipe, seed, fitted)
        if generator.used:
            row["seconds"] += generator.seconds
            row["generator_seconds"] = generator.seconds
        if keep is not None:
            keep(recipe, seed, fitted)
        return row

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


class SharedGenerator:
    """The generator of a task: trained when first asked for, stored, and read from then on.

    Attributes
    ----------
    used : bool
        Whether it was asked for since this was last set to False.
    seconds : float
        What its training took, whenever that was.
    """

    def __init__(self, task: Task, store: ResultStore, bar: Any, snapshots: Snapshots) -> None:
        self.task, self.store, self.bar, self.snapshots = task, store, bar, snapshots
        self.path = store.folder / "generator.safetensors"
        self.used, self.seconds = False, 0.0

    def __call__(self) -> nn.Module:
        self.used = True
        with self.store.claim("generator", wait=True):
            if not self.path.exists():
                self._train()
        model, header = load_checkpoint(self.path)
        self.seconds = header["seconds"]
        return model

    def _train(self) -> None:
        self.bar.total += self.task.epochs
        fitted = self.task.generator(lambda row: self.bar.update(), self.snapshots)
        header = self.task.header("erm", self.task.data_seed)
        save_checkpoint(self.path, fitted.model, {**header, "seconds": fitted.seconds})


def _phase_ends(recipes: Iterable[Recipe]) -> set[int]:
    """Return the epochs at which a phase of a recipe ends, and another recipe may go on."""
    return {
        sum(phase.epochs for phase in recipe.phases[: index + 1] if phase.trains_network)
        for recipe in recipes
        for index in range(len(recipe.phases))
    }
