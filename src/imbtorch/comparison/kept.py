"""Store what the figures of a run need: embeddings with predictions, and translations."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.files import write_npz
from imbtorch.models.inference import embed
from imbtorch.npz import read_npz
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe

EMBEDDED_PER_CLASS = 50
"""Number of test samples per class whose embeddings are kept for the t-SNE figure."""
KINDS = ("embeddings", "examples")
"""The kinds of data kept, in the order in which `write_report` takes them."""


def file_name(recipe: str) -> str:
    """Return the name of a recipe in a form that is valid in file names on any system."""
    return recipe.replace(":", ",")


def keep_for_pictures(
    task: Task, folder: Path, recipe: Recipe, seed: int, fitted: FitResult
) -> None:
    """For the first seed, store test embeddings with predictions, and M2m's translations."""
    if seed:
        return
    y = labels_of(task.data.test).numpy()
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(y == k) for k in range(len(task.data.classes))]
    rows = np.concatenate([rng.permutation(c)[:EMBEDDED_PER_CLASS] for c in classes])
    features, _ = embed(fitted.model, take(task.data.test, rows))
    with torch.no_grad():
        predicted = fitted.model.head(features).argmax(1)
    embedded = {"features": features, "labels": torch.from_numpy(y[rows]), "predicted": predicted}
    for kind, arrays in zip(KINDS, (embedded, fitted.examples), strict=True):
        if arrays:
            path = _path(folder, recipe.name, kind)
            write_npz(path, {k: t.numpy() for k, t in arrays.items()})


def stored(folder: Path, recipes: Iterable[str], kind: str) -> dict[str, dict[str, np.ndarray]]:
    """Return what was kept of one kind, recipe -> arrays, for the recipes that have it."""
    out = {}
    for name in recipes:
        path = _path(folder, name, kind)
        if path.exists():
            out[name] = read_npz(path, "checkpoints")
    return out


def _path(folder: Path, recipe: str, kind: str) -> Path:
    return folder / "checkpoints" / f"{file_name(recipe)}-{kind}.npz"
