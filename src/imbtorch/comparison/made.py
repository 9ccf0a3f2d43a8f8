"""What over-samplers made is judged by a network that was trained on real samples alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from imbtorch.comparison.kept import checkpoint_path, stored
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset
from imbtorch.errors import InputError
from imbtorch.metrics.made import copying, frechet_distance, variety
from imbtorch.models.inference import embed
from imbtorch.resampling.generative.samples import FLAT

JUDGE = "erm"
"""The recipe whose network judges: it was trained on real samples alone."""
COMPARED = 500
"""Real samples of a class that made ones are compared with, at most."""


def judged(task: Task, folder: Path, recipes: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the quality of what recipes made in the first run: recipe -> a row a class.

    Parameters
    ----------
    task : Task
        That of the first seed, with its training and held-out samples in memory.
    folder : Path
        Of the results.
    recipes : sequence of str
        Names; of those that made nothing there is no entry.

    Returns
    -------
    dict
        Rows with ``label``, ``made`` (number judged), ``copying`` and ``variety`` (see
        `metrics.made`), ``one_color`` and, if the network of `JUDGE` is stored, ``recall`` and that
        of real training samples, ``real_recall``; ``frechet`` and, as a scale, ``held_out``: the
        Fréchet distance of as many held-out samples to the training samples.
    """
    kept = {name: a for name, a in stored(folder, recipes, "examples").items() if "made" in a}
    train = task.data.train
    if not kept or not isinstance(train, ArrayDataset):
        return {}
    try:
        judge = task.restore(checkpoint_path(folder, JUDGE, 0))
    except InputError:  # not among the recipes
        judge = None
    return {name: _rows(task, arrays, judge) for name, arrays in kept.items()}


def _rows(task: Task, arrays: Mapping[str, NDArray[Any]], judge: Any) -> list[dict[str, Any]]:
    made_x, made_y = arrays["made"], arrays["made_y"]
    rows = []
    for label in np.unique(made_y).tolist():
        made = made_x[made_y == label]
        real, held_out = (_of_class(part, label) for part in (task.data.train, task.data.test))
        flat = [x.reshape(len(x), -1).astype(np.float64) for x in (made, real)]
        row: dict[str, Any] = {"label": label, "made": len(made)}
        row |= {"copying": copying(*flat), "variety": variety(*flat)}
        row["one_color"] = made.ndim == 4 and flat[0].std(1).mean() < FLAT * flat[1].std(1).mean()
        if judge is not None:
            found = [_embedded(judge, x, label) for x in (made, real, held_out[: len(made)])]
            row["recall"], row["real_recall"] = (_recall(judge, h, label) for h in found[:2])
            if min(map(len, found)) > 1:
                row["frechet"] = frechet_distance(found[0], found[1])
                row["held_out"] = frechet_distance(found[2], found[1])
        rows.append(row)
    return rows


def _recall(judge: Any, h: NDArray[np.float32], label: int) -> float:
    with torch.no_grad():
        return float((judge.head(torch.from_numpy(h)).argmax(1) == label).double().mean())


def _of_class(dataset: Any, label: int) -> NDArray[Any]:
    chosen = (dataset.y == label).nonzero()[:COMPARED, 0]
    samples: NDArray[Any] = dataset.x[chosen].cpu().numpy()
    return samples


def _embedded(judge: Any, x: NDArray[Any], label: int) -> NDArray[np.float32]:
    data = ArrayDataset(torch.from_numpy(x), torch.full((len(x),), label))
    features: NDArray[np.float32] = embed(judge, data)[0].cpu().numpy()
    return features
