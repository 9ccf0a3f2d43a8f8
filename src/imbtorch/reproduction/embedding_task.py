"""Stored embeddings as a task: only heads are trained, on over-sampled embeddings."""

import time
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.precision import settled
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.load import load_data
from imbtorch.data.sources import data_folder
from imbtorch.errors import InputError
from imbtorch.integrations.embedding_head import EmbeddingHead
from imbtorch.metrics.undefined import mean_defined
from imbtorch.models.classifier import Classifier
from imbtorch.training.fit import FitResult
from imbtorch.training.phases import RefitHead
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.run import OnEpoch
from imbtorch.training.setup import HEAD_SETUP
from imbtorch.training.slots import build
from imbtorch.training.snapshots import Snapshots

EPOCHS = 10


@dataclass(frozen=True)
class EmbeddingTask(Task):
    """A task whose data are embeddings: of a recipe, only its `RefitHead` phase is run."""

    def recipe(self, recipe: str | Recipe) -> Recipe:
        """Return a recipe without the phases that train the network, with the task's epochs."""
        made = make_recipe(recipe, 1) if isinstance(recipe, str) else recipe
        heads = [copy(phase) for phase in made.phases if not phase.trains_network]
        for head in heads:
            head.epochs = self.epochs
        return Recipe(made.name, heads or [RefitHead(self.epochs)])

    def fit(
        self,
        recipe: str | Recipe,
        seed: int,
        pretrained: Pretrained | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> FitResult:
        """Over-sample the embeddings and train a head on them."""
        phase = self.recipe(recipe).phases[0]
        train = self.data.train
        assert isinstance(phase, RefitHead)
        assert isinstance(train, ArrayDataset)
        start = time.perf_counter()
        sampler = build(phase.resample, {"random_state": lambda: seed})
        x, y = train.x.numpy(), train.y.numpy()
        if sampler is not None:
            x, y = sampler.fit_resample(x, y)
        head = EmbeddingHead(None, epochs=phase.epochs, random_state=seed).fit(x, y)
        seconds = time.perf_counter() - start
        history = [
            {"epoch": epoch, "phase": "head", "loss": loss}
            for epoch, loss in enumerate(head.loss_curve_, 1)
        ]
        if on_epoch is not None:
            for row in history:
                on_epoch(row)
        model = Classifier(nn.Identity(), head.head_)
        return FitResult(model, history, seconds, None, {}, ArrayDataset(x, y))

    def result(
        self, recipe: str | Recipe, seed: int, fitted: FitResult, outputs: Outputs | None = None
    ) -> dict[str, Any]:
        """Return a run's result row, plus the mean gap of all classes and of the three rarest."""
        row = super().result(recipe, seed, fitted, outputs)
        gap = np.array(row["embedding"]["gap"], float)
        rarest = np.argsort(self.data.counts)[:3]
        row["metrics"] |= {"gap": mean_defined(gap), "gap_rarest": mean_defined(gap[rarest])}
        return row


def make_embedding_task(
    data: str, *, epochs: int = EPOCHS, data_seed: int = 0, precision: str = "32-true"
) -> EmbeddingTask:
    """Return the task for a folder of stored embeddings, ``embeddings.npz``.

    Parameters
    ----------
    data : str
        Name of the folder inside `data_folder`.
    epochs : int, default=10
        Epochs of the head.
    data_seed : int, default=0
        Has no effect, because both splits are stored.
    precision : str, default="32-true"
        Floating-point precision, by Fabric's name, or auto, see `make_task`.
    """
    path = data_folder() / data / "embeddings.npz"
    if not path.is_file():
        raise InputError(f"DATA is {data!r}; {path} does not exist: set IMBTORCH_DATA")
    loaded = load_data(str(path), profile="none", data_seed=data_seed)
    return EmbeddingTask(loaded, data_seed, "head", epochs, HEAD_SETUP, "none", settled(precision))
