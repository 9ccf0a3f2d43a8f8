"""The grid: recipes x seeds on one task, each run stored and none repeated."""

import shutil
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

    Returns
    -------
    list of dict
        Rows of results, by recipe, then seed.

    Raises
    ------
    InputError
        If the folder holds another experiment's results.
    """
    store = ResultStore(folder, task.identity())
    snapshots = Snapshots(folder / "snapshots", keep_at=_phase_ends(recipes))
    generator = SharedGenerator(task, folder / "generator.safetensors", bar, snapshots)

    def run(recipe: Recipe, seed: int) -> dict[str, Any]:
        bar.set_description(f"{recipe.name}, seed {seed}")
        generator.used = False
        fitted = task.fit(recipe, seed, generator, lambda row: bar.update(), snapshots)
        row = task.result(recipe, seed, fitted)
        if generator.used:
            row["seconds"] += generator.seconds - generator.spent
            row["generator_seconds"] = generator.seconds
        if keep is not None:
            keep(recipe, seed, fitted)
        return row

    rows = []
    for recipe in recipes:
        described = recipe.describe()
        for seed in seeds:
            if store.has(described, seed):
                bar.update(recipe.all_epochs)
            rows.append(store.row(described, seed, partial(run, recipe, seed)))
    shutil.rmtree(snapshots.folder, ignore_errors=True)
    return rows


class SharedGenerator:
    """The generator of a task: trained when first asked for, stored, and read from then on.

    Attributes
    ----------
    used : bool
        Whether it was asked for since this was last set to False.
    seconds : float
        What its training took, whenever that was.
    spent : float
        What of that fell into the run that asked for it.
    """

    def __init__(self, task: Task, path: Path, bar: Any, snapshots: Snapshots) -> None:
        self.task, self.path, self.bar, self.snapshots = task, path, bar, snapshots
        self.used, self.seconds, self.spent = False, 0.0, 0.0

    def __call__(self) -> nn.Module:
        self.used, self.spent = True, 0.0
        if not self.path.exists():
            self.bar.total += self.task.epochs
            fitted = self.task.generator(lambda row: self.bar.update(), self.snapshots)
            self.spent = fitted.seconds
            header = self.task.header("erm", self.task.data_seed)
            save_checkpoint(self.path, fitted.model, {**header, "seconds": fitted.seconds})
        model, header = load_checkpoint(self.path)
        self.seconds = header["seconds"]
        return model


def _phase_ends(recipes: Iterable[Recipe]) -> set[int]:
    """Return the epochs at which a phase of a recipe ends, and another recipe may go on."""
    return {
        sum(phase.epochs for phase in recipe.phases[: index + 1] if phase.trains_network)
        for recipe in recipes
        for index in range(len(recipe.phases))
    }
