"""A task whose network is frozen: its data are embedded once, and recipes train heads on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.comparison.embedding_store import Pass, embed_once
from imbtorch.comparison.folded_task import FoldedTask
from imbtorch.comparison.frozen import Frozen, layers_of
from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.suits import check_trains_head
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset, labels_of, take
from imbtorch.data.digests import digest_of_samples
from imbtorch.data.inputs import FeatureInput, Input, input_to_json
from imbtorch.data.load import LoadedData
from imbtorch.data.seen import fingerprints
from imbtorch.errors import InputError
from imbtorch.files import set_aside
from imbtorch.models.backbones import short_name
from imbtorch.models.build import head_kind
from imbtorch.models.classifier import Classifier, Normalize
from imbtorch.seeding import scoped_seed
from imbtorch.training.checkpoint import check_checkpoint, save_checkpoint
from imbtorch.training.fit import FitResult
from imbtorch.training.head import single_thread
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.run import OnEpoch
from imbtorch.training.shared_backbone import HEADER, SHARED, shared_path
from imbtorch.training.snapshots import Snapshots
from imbtorch.training.tensor_file import tensors_of, write_tensors

MEASUREMENTS = 5
"""About how often a run measures the held-out accuracy, which takes as long as half an epoch."""
FLOOR = 0.1
"""The least standard deviation of a dimension, relative to that of all: one that is constant in
training would otherwise outweigh all others on the first new sample in which it is not."""


@dataclass(frozen=True)
class FrozenTask(Task):
    """A task on the embeddings of a frozen network, which its `data` hold; see `embedded_once`.

    Attributes
    ----------
    frozen : Frozen
        The network that made them.
    """

    frozen: Frozen = field(kw_only=True)

    def recipe(self, recipe: str | Recipe) -> Recipe:
        """Return the recipe, see `Task.recipe`; one that has to train the features is refused."""
        made = super().recipe(recipe)
        check_trains_head(made)
        return made

    def network(self, seed: int) -> Classifier:
        """Return the untrained head of a training seed, behind the embeddings' standardization."""
        train = self.data.train
        assert isinstance(train, ArrayDataset)
        std, mean = torch.std_mean(train.x, 0, correction=0)
        floor = max(FLOOR * float(std.square().mean().sqrt()), 1e-6)
        with scoped_seed(seed):
            head = nn.Linear(train.x.shape[1], len(self.data.classes))
        return Classifier(nn.Sequential(Normalize(mean, std.clamp_min(floor))), head)

    def pretrained(
        self,
        path: Path | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> Pretrained:
        """Return the provider of the head that M2m uses: trained in each process, in a second."""
        return super().pretrained(None, on_epoch, snapshots)

    def fit(
        self,
        recipe: str | Recipe,
        seed: int,
        pretrained: Pretrained | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> FitResult:
        """Train a head by a recipe, on one thread: a step is too small to be worth sharing."""
        with single_thread():
            return super().fit(recipe, seed, pretrained, on_epoch, snapshots)

    def result(
        self, recipe: str | Recipe, seed: int, fitted: FitResult, outputs: Outputs | None = None
    ) -> dict[str, Any]:
        """Return the result row of a run, with the seconds of the one pass that all runs share."""
        with single_thread():
            row = super().result(recipe, seed, fitted, outputs)
        return {**row, "embedding_seconds": self.frozen.seconds}

    def header(self, recipe: str | Recipe, seed: int) -> dict[str, Any]:
        """Return the header of a run's checkpoint: of the whole network and its own inputs."""
        return {**super().header(recipe, seed), "input": input_to_json(self.frozen.input)}

    def _store(self, path: Path, model: Classifier, header: dict[str, Any], share: bool) -> None:
        """Store the whole network; with `share`, the frozen part in a file that others share."""
        if not share:
            save_checkpoint(path, self._whole(model), header)
            return
        if not shared_path(path.parent, self.frozen.name).exists():
            self.keep_shared(path.parent)
        whole = self._whole(model)
        header |= {SHARED: self.frozen.name, "spec": whole.spec}
        own = {k: v for k, v in tensors_of(whole).items() if k not in self.frozen.shared}
        write_tensors(path, own, header)

    def keep_shared(self, folder: Path) -> None:
        """Write the frozen network that the checkpoints in a folder share, if it is not there."""
        path = shared_path(folder, self.frozen.name)
        if path.exists():
            try:
                check_checkpoint(path)
                return
            except InputError as error:
                set_aside(path, "it is written again", error)
        write_tensors(path, self.frozen.shared, HEADER)

    def _whole(self, model: Classifier) -> Classifier:
        """Return the frozen network with the head, and what stands before it, of a trained one."""
        whole = self.frozen.network
        spec: Any = {**(whole.spec or {}), "head": head_kind(model.head)}
        features = [*layers_of(whole)[:-1], *layers_of(model)]
        return Classifier(nn.Sequential(*features), model.head, spec)

    def restore(self, path: Path) -> Classifier:
        """Return the network of a checkpoint in the form that takes embeddings."""
        whole = super().restore(path)
        return Classifier(nn.Sequential(layers_of(whole)[-1]), whole.head).eval()


def embedded_once(task: Task, *, progress: bool = True) -> Task:
    """Return the task on the embeddings of its frozen network; any other task unchanged.

    The embeddings come from the store, see `embed_once`, or are made now. With folds, all samples
    are embedded together and then divided: what the network makes of one does not depend on the
    others.
    """
    if isinstance(task, FrozenTask) or task.setup.freeze != "backbone":
        return task
    if isinstance(task, FoldedTask):
        made_at = embedded_folds(task, progress)
        made_at(0)
        return replace(task, made=made_at)
    whole = task.network(task.data_seed).eval()
    network, fabric = nn.Sequential(*layers_of(whole)[:-1]), task.fabric()
    made = {}
    for name, split in task.data.splits.items():
        one = Pass(network, split, identity_of(task, name), fabric)
        made[name] = embed_once(one, f"embedding {name}", progress=progress)
    data = embedded_data(task.data, {name: one.x for name, one in made.items()})
    return _on(task, data, Frozen(whole, task.data.input, sum(m.seconds for m in made.values())))


def _on(task: Task, data: LoadedData, frozen: Frozen) -> FrozenTask:
    """Return the task on embeddings, which `data` hold."""
    shared = {one.name: getattr(task, one.name) for one in fields(Task)}
    shared |= {"data": data, "measurements": MEASUREMENTS}
    return FrozenTask(**shared, frozen=frozen)


def embedded_folds(task: FoldedTask, progress: bool) -> Callable[[int], Task]:
    """Return what makes the task of a training seed, on embeddings that are made once."""
    divided, known = task.divided, list[tuple[Frozen, ArrayDataset]]()

    def made_at(seed: int) -> Task:
        spec = divided.spec(seed)
        samples, digest = divided.pooled(spec)
        found = next((one for one in known if one[0].input == spec), None)
        if found is None:
            whole = task.network(task.data_seed).eval()
            network = nn.Sequential(*layers_of(whole)[:-1])
            about = {"hash": digest, "parts": [], "split": "all"}
            identity = _identity(task, about, len(divided.labels.train), spec)
            one = embed_once(Pass(network, samples, identity, task.fabric()), progress=progress)
            embedded = ArrayDataset(one.x, divided.labels.train, divided.labels.classes)
            found = Frozen(whole, spec, one.seconds), embedded
            known.append(found)
        frozen, embedded = found
        data = task.data_at(seed, embedded)
        assert data.fold is not None
        seen = tuple(fingerprints(take(samples, data.fold.train)))
        inputs = FeatureInput(tuple(embedded.x.shape[1:]))
        return _on(task, replace(data, input=inputs, seen=seen), frozen)

    return made_at


def identity_of(task: Task, split: str) -> dict[str, Any]:
    """Return all that the embeddings of a split depend on, JSON-ready."""
    data, samples = task.data, task.data.splits[split]
    about: dict[str, Any] = {"hash": data.digest, "parts": list(data.parts), "split": split}
    if data.parts:  # which samples they hold
        about["data_seed"] = task.data_seed
    if not data.whole:  # the store is for all commands, and so for other samples as well
        about["samples"] = digest_of_samples(samples)
    rows = len(labels_of(samples))
    return _identity(task, about, rows, data.input)


def _identity(task: Task, about: dict[str, Any], rows: int, spec: Input) -> dict[str, Any]:
    return {
        "data": about,
        "rows": rows,
        "input": input_to_json(spec),
        "network": task.identity()["network"],
        "model": short_name(task.model),
        "precision": task.precision,
    }


def embedded_data(data: LoadedData, embeddings: Mapping[str, Tensor]) -> LoadedData:
    """Return the data with the embeddings of each of its splits in the place of their inputs."""
    sets: dict[str, Any] = {
        name: ArrayDataset(embeddings[name], labels_of(split), data.classes)
        for name, split in data.splits.items()
    }
    spec = FeatureInput(tuple(embeddings["train"].shape[1:]))
    return replace(data, **sets, input=spec, seen=tuple(fingerprints(data.train)))
