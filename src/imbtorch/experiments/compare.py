"""compare: recipes x seeds on one task, resumable, ending in a report."""

import io
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Subset
from tqdm import tqdm

from imbtorch.data.arrays import labels_of
from imbtorch.errors import InputError
from imbtorch.evaluation.report import write_report
from imbtorch.experiments.grid import run_grid
from imbtorch.experiments.store import write_atomically
from imbtorch.experiments.task import Task
from imbtorch.models.inference import embed
from imbtorch.training.checkpoint import save_checkpoint
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe

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
    described = [make_recipe(name, task.epochs) for name in recipes]
    if not described:
        raise InputError("recipes is empty; name at least one, such as erm")
    folder = Path(out)
    with tqdm(
        total=seeds * sum(recipe.all_epochs for recipe in described),
        unit="epoch",
        disable=not progress,
        dynamic_ncols=True,
    ) as bar:
        rows = run_grid(task, described, range(seeds), folder, bar, partial(_keep, task, folder))
    if not rows:
        raise InputError(f"every run failed: see {folder / 'failures.jsonl'}")
    write_report(
        folder,
        rows,
        _arrays(folder, recipes, "embeddings"),
        _arrays(folder, recipes, "examples"),
    )
    return rows


def file_name(recipe: str) -> str:
    """Return the name of a recipe as part of a file name on any system."""
    return recipe.replace(":", ",")


def _keep(task: Task, folder: Path, recipe: Recipe, seed: int, fitted: FitResult) -> None:
    """Store the trained network, and of the first seed the embeddings to be drawn."""
    name = file_name(recipe.name)
    path = folder / "checkpoints" / f"{name}-seed{seed}.safetensors"
    save_checkpoint(path, fitted.model, task.header(recipe, seed))
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
        path = folder / "checkpoints" / f"{file_name(name)}-{kind}.npz"
        if path.exists():
            with np.load(path) as arrays:
                out[name] = dict(arrays)
    return out
