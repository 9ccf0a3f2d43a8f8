"""Training embeddings, with the synthetic ones among them, kept for the papers' figures."""

from pathlib import Path

import numpy as np
import torch

from imbtorch.comparison.kept import keep_arrays, keep_for_pictures
from imbtorch.comparison.outputs import Outputs, outputs_of
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe

KIND = "training"
"""The kind under which `stored` finds them."""
PER_CLASS = 200
"""Most samples of a class that are kept."""
ALTOGETHER = 5_000
"""About the most samples that are kept of all classes."""


def keep_run(
    task: Task,
    folder: Path,
    recipe: Recipe,
    seed: int,
    fitted: FitResult,
    outputs: Outputs,
) -> None:
    """Store what `keep_for_pictures` does and, of the first seed, training embeddings.

    They are ``features``, ``labels`` and ``predicted`` of a few samples of each class, drawn from
    those that the head was trained on if over-sampled embeddings were among them.
    """
    keep_for_pictures(folder, recipe, seed, fitted, outputs)
    if seed:
        return
    made = fitted.embedded
    y = labels_of(task.data.train if made is None else made)
    few = _few_of_each(y.cpu().numpy(), len(task.data.counts))
    if made is None:
        shown = outputs_of(fitted.model, take(task.data.train, few), task.num_workers)
        features, predicted = shown.features, shown.predicted
    else:
        features = made.x[few]
        with torch.no_grad():
            predicted = fitted.model.head(features).argmax(1)
    arrays = {"features": features, "labels": y[few], "predicted": predicted}
    kept = {name: values.cpu().numpy() for name, values in arrays.items()}
    keep_arrays(folder, recipe.name, KIND, kept)


def _few_of_each(y: np.ndarray, classes: int) -> torch.Tensor:
    number = max(1, min(PER_CLASS, ALTOGETHER // classes))
    rng = np.random.default_rng(0)
    rows = [rng.permutation(np.flatnonzero(y == k))[:number] for k in range(classes)]
    return torch.from_numpy(np.concatenate(rows))
