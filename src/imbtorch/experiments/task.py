"""A task: one data set, one network, one training set-up, on which recipes are compared."""

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from imbtorch.data.augment import augment_by_name
from imbtorch.data.inputs import FeatureInput, ImageInput, input_to_json
from imbtorch.data.load import LoadedData, load_data
from imbtorch.evaluation.metrics import evaluate
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier
from imbtorch.training.fit import FitResult, fit, train_generator
from imbtorch.training.recipes import make_recipe
from imbtorch.training.run import OnEpoch
from imbtorch.training.setup import SETUPS, Setup
from imbtorch.training.slots import describe

BUILT_IN: dict[str, dict[str, Any]] = {
    "digits": {"ratio": 40.0, "epochs": 100, "batch_size": 32},
}
"""What goes with a built-in data set; chosen on a validation split of its training set."""


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
    """

    data: LoadedData
    data_seed: int
    model: str
    epochs: int
    setup: Setup
    augment: str
    precision: str

    def identity(self) -> dict[str, Any]:
        """Return what tells this task from another, as JSON-ready values."""
        return {
            "data": {
                "name": self.data.name,
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
        profile = self.data.profile.replace(", ratio ", "-").replace("as stored", "stored")
        return f"{name}-{profile}-{self.model}-{self.epochs}"

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

    def generator(self, on_epoch: OnEpoch | None = None) -> FitResult:
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
        )

    def fit(
        self,
        recipe: str,
        seed: int,
        generator: Callable[[], nn.Module] | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> FitResult:
        """Train by a recipe; the held-out accuracy is recorded about 20 times."""
        return fit(
            make_recipe(recipe, self.epochs),
            self.network(seed),
            self.data.train,
            self.data.test,
            setup=self.setup,
            augment=augment_by_name(self.augment),
            generator=generator,
            seed=seed,
            fabric=self.fabric(),
            eval_every=max(1, self.epochs // 20),
            on_epoch=on_epoch,
        )

    def result(self, recipe: str, seed: int, fitted: FitResult) -> dict[str, Any]:
        """Return the result row of a run: what was run, and what came out."""
        return {
            "recipe": make_recipe(recipe, self.epochs).describe(),
            "training_seed": seed,
            **self.identity(),
            "versions": versions(),
            "metrics": evaluate(fitted.model, self.data.test, self.data.counts),
            "seconds": fitted.seconds,
            "history": fitted.history,
        }

    def header(self, recipe: str, seed: int) -> dict[str, Any]:
        """Return what a checkpoint of a run says of itself."""
        return {
            "recipe": make_recipe(recipe, self.epochs).describe(),
            "training_seed": seed,
            **self.identity(),
            "input": input_to_json(self.data.input),
            "versions": versions(),
        }


def make_task(
    data: str,
    *,
    profile: str = "auto",
    ratio: float | None = None,
    model: str = "auto",
    epochs: int | None = None,
    data_seed: int = 0,
    label: str | None = None,
    image_size: int | None = None,
    augment: str = "auto",
    lr: float | None = None,
    batch_size: int | None = None,
    precision: str = "32-true",
) -> Task:
    """Load DATA and settle what was left open.

    Parameters
    ----------
    data : str
        digits (built in), a folder or file (images, CSV, Parquet, npz), a hub name, or reuters
        or twitter, whose folders lie in $IMBTORCH_DATA.
    profile : str, default="auto"
        Imbalance made in the training set: auto, none, exponential, step or linear. auto makes
        a balanced benchmark exponential and leaves other data as it is.
    ratio : float, optional
        Largest / smallest class count of the profile, by default 100 (digits: 40).
    model : str, default="auto"
        resnet32, small-cnn, wide-cnn or mlp. auto takes resnet32 for colour images, small-cnn
        for grey ones and mlp for texts and features.
    epochs : int, optional
        Epochs of network training, by default those that go with the network.
    data_seed : int, default=0
        Decides which samples are kept and held out.
    label : str, optional
        Label column.
    image_size : int, optional
        Height and width in pixels that images are brought to.
    augment : str, default="auto"
        none, crop or crop-flip. auto crops and flips colour images and crops grey ones, whose
        digits and letters do not survive a mirror.
    lr : float, optional
        Learning rate, by default the one that goes with the network.
    batch_size : int, optional
        Samples of a batch, by default the number that goes with the network.
    precision : str, default="32-true"
        32-true, or bf16-mixed, which is faster where the processor supports it.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If the data cannot be used (see `load_data`) or an option is unknown.
    """
    usual: dict[str, Any] = {"ratio": 100.0, **BUILT_IN.get(data, {})}
    augment_by_name("none" if augment == "auto" else augment)
    loaded = load_data(
        data,
        profile=profile,
        ratio=usual["ratio"] if ratio is None else ratio,
        data_seed=data_seed,
        label=label,
        image_size=image_size,
    )
    spec = loaded.input
    colour = isinstance(spec, ImageInput) and spec.channels == 3
    if model == "auto":
        model = "resnet32" if colour else "small-cnn" if isinstance(spec, ImageInput) else "mlp"
    if augment == "auto":
        augment = "crop-flip" if colour else "crop" if isinstance(spec, ImageInput) else "none"
    setup, usual_epochs = SETUPS.get(model, (Setup(), 1))
    asked = {"lr": lr, "batch_size": batch_size, "epochs": epochs}
    chosen = {"epochs": usual_epochs, **usual, **{k: v for k, v in asked.items() if v is not None}}
    setup = replace(
        setup,
        lr=chosen.get("lr", setup.lr),
        batch_size=chosen.get("batch_size", setup.batch_size),
    )
    task = Task(loaded, data_seed, model, chosen["epochs"], setup, augment, precision)
    task.network(0)  # an unknown network, or one that cannot take this input, is said here
    make_recipe("erm", task.epochs)
    return task
