"""What over-samplers made is judged by a network that was trained on real samples alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from imbtorch.comparison.kept import checkpoint_path, stored
from imbtorch.comparison.report.made import once_each
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset
from imbtorch.errors import InputError
from imbtorch.metrics.made import copying, frechet_distance, variety
from imbtorch.models.inference import embed
from imbtorch.resampling.generative.samples import one_color

JUDGE = "erm"
"""The recipe whose network judges: it was trained on real samples alone."""
COMPARED = 500
"""Real samples of a class whose embeddings are compared, at most."""


def judged(task: Task, folder: Path, recipes: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the quality of what recipes made in the first run: recipe -> a row a class.

    Parameters
    ----------
    task : Task
        That of the first seed, with its training and held-out samples in memory.
    folder : Path
        Of the results.
    recipes : sequence of str
        Names; of those that made nothing there is no entry, and of those that made the same one,
        under all their names (see `once_each`).

    Returns
    -------
    dict
        Rows with ``label``, ``made`` (number judged), ``copying`` and ``variety`` (see
        `metrics.made`), ``one_color`` and, if the network of `JUDGE` is stored, ``recall`` and that
        of real training samples, ``real_recall``; ``frechet`` and, as a scale, ``held_out``: the
        Fréchet distance of as many held-out samples to the training samples.
    """
    kept = once_each(stored(folder, recipes, "examples"))
    train = task.data.train
    if not kept or not isinstance(train, ArrayDataset):
        return {}
    try:
        judge = task.restore(checkpoint_path(folder, JUDGE, 0))
    except InputError:  # not among the recipes
        judge = None
    known = cache(partial(_known, task, judge))
    return {name: _rows(known, arrays, judge) for name, arrays in kept.items()}


class _Known(NamedTuple):
    """What is known of a class without what was made of it."""

    real: NDArray[Any]
    embedded: NDArray[np.float32] | None
    held_out: NDArray[np.float32] | None


def _known(task: Task, judge: Any, label: int) -> _Known:
    real, held_out = (_of_class(part, label) for part in (task.data.train, task.data.test))
    if judge is None:
        return _Known(real, None, None)
    found = [_embedded(judge, x[:COMPARED], label) for x in (real, held_out)]
    return _Known(real, *found)


def _rows(
    known: Callable[[int], _Known], arrays: Mapping[str, NDArray[Any]], judge: Any
) -> list[dict[str, Any]]:
    made_x, made_y = arrays["made"], arrays["made_y"]
    rows = []
    for label in np.unique(made_y).tolist():
        made, (real, embedded, held_out) = made_x[made_y == label], known(label)
        flat = [x.reshape(len(x), -1).astype(np.float32) for x in (made, real)]
        row: dict[str, Any] = {"label": label, "made": len(made)}
        row |= {"copying": copying(*flat), "variety": variety(*flat)}
        images = (torch.from_numpy(x.astype(np.float32)) for x in (made, real))
        row["one_color"] = made.ndim == 4 and one_color(*images)
        if embedded is not None and held_out is not None:
            h = _embedded(judge, made, label)
            row["recall"], row["real_recall"] = (_recall(judge, a, label) for a in (h, embedded))
            alike = held_out[: len(made)]
            if min(map(len, (h, embedded, alike))) > 1:
                row["frechet"] = frechet_distance(h, embedded)
                row["held_out"] = frechet_distance(alike, embedded)
        rows.append(row)
    return rows


def _recall(judge: Any, h: NDArray[np.float32], label: int) -> float:
    with torch.no_grad():
        return float((judge.head(torch.from_numpy(h)).argmax(1) == label).double().mean())


def _of_class(dataset: Any, label: int) -> NDArray[Any]:
    samples: NDArray[Any] = dataset.x[dataset.y == label].cpu().numpy()
    return samples


def _embedded(judge: Any, x: NDArray[Any], label: int) -> NDArray[np.float32]:
    if not len(x):
        return np.zeros((0, judge.head.in_features), np.float32)
    data = ArrayDataset(torch.from_numpy(x), torch.full((len(x),), label))
    features: NDArray[np.float32] = embed(judge, data)[0].cpu().numpy()
    return features
