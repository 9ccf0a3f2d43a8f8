"""A task: one data set, one network, one training set-up, on which recipes are compared."""

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.augment import augment_by_name
from imbtorch.data.inputs import FeatureInput, ImageInput, input_to_json
from imbtorch.data.load import LoadedData
from imbtorch.evaluation.gap import embedding_measures
from imbtorch.evaluation.metrics import classification_metrics
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import embed
from imbtorch.training.fit import FitResult, fit, train_generator
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.run import OnEpoch
from imbtorch.training.setup import Setup
from imbtorch.training.slots import describe
from imbtorch.training.snapshots import Snapshots


def versions() -> dict[str, str]:
    """Return the versions a result depends on."""
    return {
        "imbtorch": version("imbalanced-torch"),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scikit-learn": version("scikit-learn"),
        "imbalanced-learn": version("imbalanced-learn"),
        "python": platform.python_version(),
    }


@dataclass(frozen=True)
class Task:
    """What all runs of a comparison share.

    Attributes
    ----------
    data : LoadedData
        Training and test set.
    data_seed : int
        The seed they were drawn with.
    model : str
        Name of the network.
    epochs : int
        Epochs of network training.
    setup : Setup
        Optimiser and schedule.
    augment : str
        Name of the augmentation.
    precision : str
        Fabric's name of the floating-point precision.
    measurements : int, default=20
        How often, about, the held-out accuracy is measured in a run.
    """

    data: LoadedData
    data_seed: int
    model: str
    epochs: int
    setup: Setup
    augment: str
    precision: str
    measurements: int = 20

    def identity(self) -> dict[str, Any]:
        """Return what tells this task from another, as JSON-ready values.

        Data are known by their hash, wherever they lie.
        """
        return {
            "data": {
                "name": Path(self.data.name).name,
                "profile": self.data.profile,
                "hash": self.data.digest,
                "seed": self.data_seed,
                "classes": list(self.data.classes),
                "counts": self.data.counts,
            },
            "model": self.model,
            "epochs": self.epochs,
            "setup": describe(self.setup),
            "augment": self.augment,
            "precision": self.precision,
            "version": version("imbalanced-torch"),
        }

    @property
    def slug(self) -> str:
        """A folder name for this task."""
        name = Path(self.data.name).stem or "data"
        profile = (
            self.data.profile.replace(", ratio ", "-")
            .replace("as stored", "stored")
            .replace(":", "-")
        )
        return f"{name}-{profile}-{self.model}-{self.epochs}"

    @property
    def folder(self) -> str:
        """A folder name that no other task has."""
        identity = json.dumps(self.identity(), sort_keys=True).encode()
        return f"{self.slug}-{hashlib.sha256(identity).hexdigest()[:8]}"

    def describe(self) -> list[str]:
        """Return what a user should see before the training starts, line by line."""
        data = self.data
        counts = data.counts
        shown = ", ".join(map(str, counts[:12])) + (", ..." if len(counts) > 12 else "")
        return [
            *data.notes,
            f"{data.name}: {sum(counts)} training samples of {len(counts)} classes "
            f"({data.profile}): {shown}; {len(data.test)} held out",  # type: ignore[arg-type]
            f"network {self.model}, {self.epochs} epochs, batch size {self.setup.batch_size}, "
            f"learning rate {self.setup.lr:g}, augmentation {self.augment}",
        ]

    def network(self, seed: int) -> Classifier:
        """Return the untrained network of a training seed."""
        # texts and windows of words are scaled row by row already
        scaled = not isinstance(self.data.input, (ImageInput, FeatureInput))
        train = None if scaled else self.data.train
        return build_model(
            self.model, self.data.shape, len(self.data.classes), train=train, seed=seed
        )

    def fabric(self) -> Fabric:
        """Return the best single device, in the task's precision."""
        return Fabric(accelerator="auto", devices=1, precision=self.precision)  # type: ignore[arg-type]

    def generator(
        self, on_epoch: OnEpoch | None = None, snapshots: Snapshots | None = None
    ) -> FitResult:
        """Train the generator that all runs of this data seed share."""
        return train_generator(
            self.network(self.data_seed),
            self.data.train,
            self.epochs,
            self.setup,
            augment_by_name(self.augment),
            self.data_seed,
            self.fabric(),
            on_epoch,
            snapshots,
        )

    def recipe(self, recipe: str | Recipe) -> Recipe:
        """Return a recipe given by name, spread over the task's epochs."""
        return make_recipe(recipe, self.epochs) if isinstance(recipe, str) else recipe

    def fit(
        self,
        recipe: str | Recipe,
        seed: int,
        generator: Callable[[], nn.Module] | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> FitResult:
        """Train by a recipe; the held-out accuracy is recorded now and then."""
        return fit(
            self.recipe(recipe),
            self.network(seed),
            self.data.train,
            self.data.test,
            setup=self.setup,
            augment=augment_by_name(self.augment),
            generator=generator,
            seed=seed,
            fabric=self.fabric(),
            eval_every=max(1, self.epochs // self.measurements),
            on_epoch=on_epoch,
            snapshots=snapshots,
        )

    def result(self, recipe: str | Recipe, seed: int, fitted: FitResult) -> dict[str, Any]:
        """Return the result row of a run: what was run, and what came out."""
        model, counts = fitted.model, self.data.counts
        x, y = embed(model, self.data.test)
        with torch.no_grad():
            logits = model.head(x)
        predicted, probabilities = logits.argmax(1), model.probabilities(logits)
        recipe = self.recipe(recipe)
        train = fitted.embedded or ArrayDataset(*embed(model, self.data.train))
        return {
            "recipe": recipe.describe(),
            "training_seed": seed,
            **self.identity(),
            "versions": versions(),
            "metrics": classification_metrics(
                y, predicted, counts, probabilities, recipe.class_shares(counts)
            ),
            "embedding": embedding_measures(model.head, train.x.cpu(), train.y.cpu(), x, y),
            "seconds": fitted.seconds,
            "history": fitted.history,
        }

    def header(self, recipe: str | Recipe, seed: int) -> dict[str, Any]:
        """Return what a checkpoint of a run says of itself."""
        return {
            "recipe": self.recipe(recipe).describe(),
            "training_seed": seed,
            **self.identity(),
            "input": input_to_json(self.data.input),
            "versions": versions(),
        }
