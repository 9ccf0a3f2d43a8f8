"""compare: recipes x seeds on one task, resumable, ending in a report."""

import io
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Subset
from tqdm import tqdm

from imbtorch.data.arrays import labels_of
from imbtorch.errors import InputError
from imbtorch.evaluation.report import write_report
from imbtorch.experiments.store import ResultStore, write_atomically
from imbtorch.experiments.task import Task
from imbtorch.models.inference import embed
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.snapshots import Snapshots

EMBEDDED_PER_CLASS = 50
"""Test samples of each class whose embeddings are kept for the t-SNE picture."""


def compare(
    task: Task, recipes: Sequence[str], *, seeds: int = 3, out: str | Path, progress: bool = True
) -> list[dict[str, Any]]:
    """Train by every recipe with every seed, store each run, write the report.

    Parameters
    ----------
    task : Task
        Data, network and set-up, see `make_task`.
    recipes : sequence of str
        Names, see `make_recipe`.
    seeds : int, default=3
        Training seeds 0..seeds-1.
    out : str or Path
        Folder for ``results.jsonl``, ``report.html``, ``figures/`` and ``checkpoints/``. Runs
        stored there are not repeated; one that was cut short goes on from its last
        `Snapshots`, and recipes that begin alike share their beginning.
    progress : bool, default=True
        Whether to show a progress bar, over the epochs of all runs.

    Returns
    -------
    list of dict
        The rows of these recipes and seeds, as stored.

    Raises
    ------
    InputError
        If a recipe is unknown, or the folder holds another experiment's results.
    """
    if seeds < 1:
        raise InputError(f"seeds is {seeds}; at least 1 is needed")
    described = {name: make_recipe(name, task.epochs) for name in recipes}
    if not described:
        raise InputError("recipes is empty; name at least one, such as erm")
    folder = Path(out)
    store = ResultStore(folder, task.identity())
    grid = [(name, seed) for name in described for seed in range(seeds)]
    epochs = {name: sum(p.epochs for p in recipe.phases) for name, recipe in described.items()}
    done = [r for r in grid if store.has(described[r[0]].describe(), r[1])]
    with tqdm(
        total=sum(epochs[name] for name, _ in grid),
        initial=sum(epochs[name] for name, _ in done),
        unit="epoch",
        disable=not progress,
        dynamic_ncols=True,
    ) as bar:

        def advance(row: dict[str, Any]) -> None:
            bar.update()

        snapshots = Snapshots(folder / "snapshots", keep_at=_phase_ends(described.values()))
        generator = SharedGenerator(task, folder / "generator.safetensors", bar, snapshots)
        for name, seed in grid:
            if (name, seed) in done:
                continue
            bar.set_description(f"{name}, seed {seed}")
            generator.used = False
            fitted = task.fit(name, seed, generator, advance, snapshots)
            row = task.result(name, seed, fitted)
            if generator.used:
                row["seconds"] += generator.seconds - generator.spent
                row["generator_seconds"] = generator.seconds
            _keep(task, folder, name, seed, fitted)
            store.append(row)
        shutil.rmtree(snapshots.folder, ignore_errors=True)
    wanted = {(name, seed) for name, seed in grid}
    rows = [
        r
        for r in store.rows
        if (r["recipe"]["name"], r["training_seed"]) in wanted
        and r["recipe"] == described[r["recipe"]["name"]].describe()
    ]
    rows.sort(key=lambda r: grid.index((r["recipe"]["name"], r["training_seed"])))
    write_report(
        folder,
        rows,
        _arrays(folder, described, "embeddings"),
        _arrays(folder, described, "examples"),
    )
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
            fitted = self.task.generator(lambda row: self._advance(), self.snapshots)
            self.spent = fitted.seconds
            header = self.task.header("erm", self.task.data_seed)
            save_checkpoint(self.path, fitted.model, {**header, "seconds": fitted.seconds})
        model, header = load_checkpoint(self.path)
        self.seconds = header["seconds"]
        return model

    def _advance(self) -> None:
        self.bar.update()


def _phase_ends(recipes: Iterable[Recipe]) -> set[int]:
    """Return the epochs at which a phase of a recipe ends, and another recipe may go on."""
    return {
        sum(phase.epochs for phase in recipe.phases[: index + 1] if phase.trains_network)
        for recipe in recipes
        for index in range(len(recipe.phases))
    }


def _keep(task: Task, folder: Path, name: str, seed: int, fitted: FitResult) -> None:
    """Store the trained network, and of the first seed the embeddings to be drawn."""
    path = folder / "checkpoints" / f"{name}-seed{seed}.safetensors"
    save_checkpoint(path, fitted.model, task.header(name, seed))
    if seed == 0:
        y = labels_of(task.data.test).numpy()
        rng = np.random.default_rng(0)
        classes = [np.flatnonzero(y == k) for k in range(len(task.data.classes))]
        rows = np.concatenate([rng.permutation(c)[:EMBEDDED_PER_CLASS] for c in classes])
        features, _ = embed(fitted.model, Subset(task.data.test, rows.tolist()))
        with torch.no_grad():
            predicted = fitted.model.head(features).argmax(1)
        embedded = {
            "features": features,
            "labels": torch.from_numpy(y[rows]),
            "predicted": predicted,
        }
        kinds = {"embeddings": embedded}
        if fitted.examples:
            kinds["examples"] = fitted.examples
        for kind, arrays in kinds.items():
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **{k: t.numpy() for k, t in arrays.items()})
            write_atomically(folder / "checkpoints" / f"{name}-{kind}.npz", buffer.getvalue())


def _arrays(folder: Path, recipes: Iterable[str], kind: str) -> dict[str, dict[str, np.ndarray]]:
    """Read what `_keep` stored of a kind, for those recipes that have it."""
    out = {}
    for name in recipes:
        path = folder / "checkpoints" / f"{name}-{kind}.npz"
        if path.exists():
            with np.load(path) as arrays:
                out[name] = dict(arrays)
    return out
