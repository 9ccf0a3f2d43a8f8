"""What is checked before training: the data against the network and between processes."""

import zlib
from typing import Any

import torch
from lightning_fabric import Fabric
from torch.utils.data import Dataset

from imbtorch.data.arrays import labels_of
from imbtorch.errors import InputError, unknown_name
from imbtorch.models.classifier import Classifier, check_classifier, head_size
from imbtorch.training.recipe import Recipe
from imbtorch.training.setup import Setup
from imbtorch.training.slots import asks_for, has_argument, name_of

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
"""Fabric's names of the precisions that all phases and metrics work with."""


def check_precision(fabric: Fabric) -> None:
    """Raise an InputError unless all phases and metrics work with the precision of a Fabric."""
    if (precision := fabric._precision.precision) not in PRECISIONS:
        raise unknown_name("precision of fabric", precision, PRECISIONS)


def check_classes(model: Classifier, counts: list[int]) -> None:
    """Raise an InputError unless `model` is a Classifier and each of its classes has samples."""
    check_classifier(model)
    size, num_classes = head_size(model.head)
    is_linear = getattr(model.head, "out_features", None) == num_classes  # so it is (K, D)
    if not is_linear and num_classes != len(counts) == size:
        shape = f"({num_classes}, {size})"
        raise InputError(f"model.head's weight is (D, K), {shape}; (K, D) is needed: transpose it")
    if len(counts) > num_classes:
        raise InputError(
            f"train has labels up to {len(counts) - 1}; the head has {num_classes} classes"
        )
    empty = [k for k in range(num_classes) if k >= len(counts) or counts[k] == 0]
    if empty:
        raise InputError(
            f"train has no sample of class {empty[0]}; each class 0..{num_classes - 1} needs one"
        )


def check_smoothing(recipe: Recipe, setup: Setup) -> None:
    """Raise an InputError unless each loss takes the label smoothing that the setup asks for."""
    for phase in recipe.phases if setup.label_smoothing else ():
        loss = getattr(phase, "loss", None)
        if phase.trains_network and phase.epochs and not has_argument(loss, "label_smoothing"):
            raise InputError(
                f"label_smoothing is {setup.label_smoothing}; {name_of(loss or phase)} of the "
                f"recipe {recipe.name} cannot be given it: a class with such an argument is needed"
            )


def check_divided(fabric: Fabric, recipe: Recipe) -> None:
    """Raise an InputError if a sampler has no shares for the processes of a distributed run."""
    processes = fabric.world_size
    for phase in recipe.phases if processes > 1 else ():
        slot = getattr(phase, "sampler", None)
        if slot is None or not (phase.trains_network and phase.epochs):
            continue
        if not (asks_for(slot, "num_replicas") or getattr(slot, "num_replicas", 1) == processes):
            raise InputError(
                f"sampler is {name_of(slot)}, of which all {processes} processes would take the "
                "whole; one that takes num_replicas and rank, such as ClassBalancedSampler, gives "
                "each its share"
            )


def check_same_data(fabric: Fabric, train: Dataset[Any], val: Dataset[Any] | None) -> None:
    """Raise an InputError, on every process, unless all of them have the same whole data sets.

    With different lengths they would take different numbers of steps and wait for one another
    forever; with different labels of one length, each would skip a part of its own samples.
    """
    if fabric.world_size == 1:
        return
    for name, dataset in (("train", train), ("val", val)):
        lengths = _gathered(fabric, -1 if dataset is None else len(dataset))  # type: ignore[arg-type]
        if len(set(lengths)) > 1:
            shown = ["None" if n < 0 else f"{n} samples" for n in lengths]
        elif dataset is None:
            continue
        else:
            digests = _gathered(fabric, zlib.crc32(labels_of(dataset).numpy().tobytes()))
            if len(set(digests)) == 1:
                continue
            shown = [f"labels of checksum {digest:08x}" for digest in digests]
        where = ", ".join(f"{what} in process {rank}" for rank, what in enumerate(shown))
        raise InputError(
            f"{name} differs between the processes: {where}; every process needs the same whole "
            "data set, and takes its own share of it"
        )


def _gathered(fabric: Fabric, value: int) -> list[int]:
    """Return the values of all processes."""
    mine = torch.tensor(value, device=fabric.device)
    every = [torch.empty_like(mine) for _ in range(fabric.world_size)]
    torch.distributed.all_gather(every, mine)
    return [int(each) for each in every]
