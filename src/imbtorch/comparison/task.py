"""`Task`: the data set, the network and the training setup on which recipes are compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from imbtorch.comparison.checks import check_how
from imbtorch.comparison.data_identity import data_header, data_identity
from imbtorch.comparison.decisions import decision_entry, decision_header, with_decision
from imbtorch.comparison.measured import measured
from imbtorch.comparison.origin import Origin
from imbtorch.comparison.outputs import Outputs, embedded, outputs_of
from imbtorch.comparison.own_network import OwnNetwork
from imbtorch.comparison.precision import fabric_with
from imbtorch.comparison.task_folder import folder_of, slug_of
from imbtorch.comparison.task_words import data_lines, setup_words, trained_words
from imbtorch.comparison.versions import versions
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import FeatureInput, input_to_json
from imbtorch.data.load import LoadedData
from imbtorch.data.seen import fingerprints
from imbtorch.metrics.objective import Objective
from imbtorch.models.backbones import is_own, short_name
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
from imbtorch.training.fit import FitResult, fit, train_pretrained
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.run import OnEpoch
from imbtorch.training.setup import Setup
from imbtorch.training.slots import describe
from imbtorch.training.snapshots import Snapshots

FIGURES = "0.1.0"
"""The last version that changed any result; all versions since then give the same figures."""


@dataclass(frozen=True)
class Task:
    """What all runs of a comparison share.

    Attributes
    ----------
    data : LoadedData
        Training and test set.
    data_seed : int
        The seed with which they were drawn.
    model : str
        Name of the network.
    epochs : int
        Epochs of network training.
    setup : Setup
        Optimizer and schedule.
    augment, precision : str
        Name of the augmentation, and Fabric's of the floating-point precision.
    measurements : int, default=20
        About how often a run measures the held-out accuracy.
    origin : Origin or OwnNetwork, optional
        Where the network comes from, if it is not built in.
    decide : Objective, optional
        What a decision is chosen for, on the data's validation split.
    num_workers : int, default=0
        Processes that load data which are not in memory, see `fit`; no figure depends on it.
    """

    data: LoadedData
    data_seed: int
    model: str
    epochs: int
    setup: Setup
    augment: str
    precision: str
    measurements: int = 20
    origin: Origin | OwnNetwork | None = None
    decide: Objective | None = None
    num_workers: int = 0

    def __post_init__(self) -> None:
        check_how(self.epochs, self.data_seed, self.precision)

    def identity(self) -> dict[str, Any]:
        """Return what distinguishes this task, and all its folds, from others, JSON-ready."""
        return {
            "data": data_identity(self.data, self.data_seed),
            "model": short_name(self.model),
            "epochs": self.epochs,
            "setup": describe(self.setup),
            "augment": self.augment,
            "precision": self.precision,
            "figures": FIGURES,
            **({} if self.origin is None else {"network": self.origin.identity()}),
            **({} if self.decide is None else {"decide": self.decide.identity()}),
            **({} if self.folds == 1 else {"folds": self.folds}),
        }

    @property
    def folds(self) -> int:
        """The number of folds, each of which is the test set of other training seeds; else 1."""
        return 1 if self.data.fold is None else self.data.fold.folds

    def at(self, seed: int) -> "Task":
        """Return the task with the data of a training seed: itself, unless there are folds."""
        return self

    @property
    def slug(self) -> str:
        """A folder name for this task."""
        return slug_of(self.identity())

    @property
    def folder(self) -> str:
        """A folder name that no other task has."""
        return folder_of(self.identity())

    def describe(self) -> list[str]:
        """Return what a user should see before training starts, line by line."""
        trained = "" if self.origin is None else f"; trained: {trained_words(self.setup.freeze)}"
        *before, network = self.describe_inputs()
        how = f"{self.epochs} epochs, {setup_words(self.setup)}; augmentation {self.augment}"
        return [*before, network + trained, f"{how}; precision {self.precision}"]

    def describe_inputs(self) -> list[str]:
        """Return what the data and the network are taken for, line by line; the network last."""
        origin = "" if self.origin is None else f"; {self.origin.words(self.data.input)}"
        return [*data_lines(self.data), f"network {self.model}{origin}"]

    def network(self, seed: int) -> Classifier:
        """Return the network of a training seed, before its training."""
        size = self.data.shape, len(self.data.classes)
        if self.origin is not None:
            return self.origin.network(*size, seed)
        # texts and windows of words are already scaled row by row, and tables column by column
        train = self.data.train if isinstance(self.data.input, (ImageInput, FeatureInput)) else None
        return build_model(self.model, *size, train=train, seed=seed)

    def fabric(self) -> Fabric:
        """Return a Fabric on the best single device, with the task's precision."""
        return fabric_with(self.precision)

    def pretrained(
        self,
        path: Path | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> Pretrained:
        """Return the provider of the network that runs of a data seed share: plain erm for all."""

        def train() -> FitResult:
            network, seed, n = self.network(self.data_seed), self.data_seed, self.num_workers
            how = (self.epochs, self.setup, augment_by_name(self.augment), seed, self.fabric())
            return train_pretrained(network, self.data.train, *how, on_epoch, snapshots, n)

        return Pretrained(train, path, self.header("erm", self.data_seed), self.data_seed)

    def recipe(self, recipe: str | Recipe) -> Recipe:
        """Return the recipe of that name over the task's epochs; return a Recipe unchanged."""
        return make_recipe(recipe, self.epochs) if isinstance(recipe, str) else recipe

    def fit(
        self,
        recipe: str | Recipe,
        seed: int,
        pretrained: Pretrained | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> FitResult:
        """Train by a copy of a recipe, and measure the held-out accuracy now and then."""
        return fit(
            self.recipe(recipe).copied(),
            self.network(seed),
            self.data.train,
            self.data.test,
            setup=self.setup,
            augment=augment_by_name(self.augment),
            pretrained=pretrained,
            seed=seed,
            fabric=self.fabric(),
            eval_every=max(1, self.epochs // self.measurements),
            on_epoch=on_epoch,
            snapshots=snapshots,
            num_workers=self.num_workers,
        )

    def outputs(self, model: Classifier) -> Outputs:
        """Return what a trained network makes of the held-out samples, and its decision if any."""
        made, data = outputs_of(model, self.data.test, self.num_workers), self.data
        return with_decision(made, self.decide, model, data.validation, data.counts)

    def result(
        self, recipe: str | Recipe, seed: int, fitted: FitResult, outputs: Outputs | None = None
    ) -> dict[str, Any]:
        """Return the row of a run: what was run, and the outcome; `outputs` are its network's."""
        model, counts, recipe = fitted.model, self.data.counts, self.recipe(recipe)
        made = outputs or self.outputs(model)
        train = fitted.embedded or embedded(model, self.data.train, self.num_workers)
        return {
            "recipe": recipe.describe(),
            "seed": seed,
            **self.identity(),
            "versions": versions(self.fabric().device),
            **measured(model, train, made, counts, recipe.class_shares(counts)),
            "seconds": fitted.seconds,
            "pretrained_seconds": fitted.pretrained_seconds,
            "history": fitted.history,
            **decision_entry(self.decide, made, counts),
            **({} if self.data.fold is None else {"fold": self.data.fold.number}),
        }

    def header(self, recipe: str | Recipe, seed: int) -> dict[str, Any]:
        """Return the header of a run's checkpoint, which says how it was made."""
        return {
            "recipe": self.recipe(recipe).describe(),
            "seed": seed,
            **self.identity(),
            "data": data_header(self.data, self.data_seed),
            "model": self.model,
            "input": input_to_json(self.data.input),
            "seen": list(self.data.seen) or fingerprints(self.data.train),
            "versions": versions(self.fabric().device),
        }

    def save(
        self,
        path: Path,
        recipe: str | Recipe,
        seed: int,
        model: Classifier,
        outputs: Outputs | None = None,
        share: bool = False,
    ) -> None:
        """Store the trained network of a run; with `share`, others lie in the same folder."""
        decided = decision_header(outputs or self.outputs(model))
        self._store(path, model, self.header(recipe, seed) | decided, share)

    def _store(self, path: Path, model: Classifier, header: dict[str, Any], share: bool) -> None:
        # classical methods have another network than the task
        named = {} if model.spec is None else {"model": model.spec["name"]}
        save_checkpoint(path, model, header | named)

    def keep_shared(self, folder: Path) -> None:
        """Make sure that what checkpoints in a folder share is there: nothing, in this task."""

    def restore(self, path: Path) -> Classifier:
        """Return the network of a checkpoint in the form that takes the task's data."""
        return load_checkpoint(path, self.model if is_own(self.model) else None)[0]
