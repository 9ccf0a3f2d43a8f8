"""Try a method's options before any data are opened: each class checks its own ranges."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import imblearn.over_sampling as imblearn
import numpy as np
import torch
from torch import nn

from imbtorch.data.arrays import ArrayDataset
from imbtorch.errors import InputError
from imbtorch.resampling import EOS, SMOTE
from imbtorch.resampling.apply import counts_after
from imbtorch.resampling.names import try_over_sampler
from imbtorch.seeding import scoped_seed
from imbtorch.training.branch import check_labels, check_step
from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import build

COUNTS = (12, 8, 4)
"""Class counts of the data that stand in for the user's."""
LABELS = torch.repeat_interleave(torch.arange(len(COUNTS)), torch.tensor(COUNTS))
KNOWN: Mapping[str, Callable[[], object]] = {
    "class_counts": lambda: list(COUNTS),
    "num_classes": lambda: len(COUNTS),
    "embedding_size": lambda: 2,
    "labels": lambda: LABELS,
    "train": lambda: ArrayDataset(torch.zeros(len(LABELS), 1, 1, 2), LABELS),
    "augment": lambda: None,
    "pretrained": lambda: _network(),
    "input_range": lambda: None,
    "seed": lambda: 0,
    "random_state": lambda: 0,
    "num_replicas": lambda: 1,
    "rank": lambda: 0,
    "epochs": lambda: 1,
}
"""What stands in for what a run knows, where samples are images of two pixels."""


def _network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(2, len(COUNTS)))


def try_out(slots: Mapping[str, Callable[..., object]]) -> None:
    """Raise the InputError of a method whose options are out of range.

    Parameters
    ----------
    slots : mapping
        Slots with options applied, see `Method.filled`, of one method or of several together.

    Examples
    --------
    >>> from imbtorch.training.catalog import CATALOG
    >>> try_out(CATALOG["focal"].filled({"gamma": -1}).slots)
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: gamma is -1; it must be finite and at least 0
    """
    with scoped_seed(0):
        made: dict[str, Any] = {}
        for place, slot in slots.items():
            if place == "resample":
                try_over_sampler(slot)
            elif place == "weights":
                slot(list(COUNTS))
            else:
                made[place] = build(slot, KNOWN)
        if {"branch", "step"} <= made.keys():
            check_step(made["branch"], made["step"])
        if "batch" not in made or made.keys().isdisjoint(("branch", "loss")):
            return
        network = _network()  # do the loss and the branch take the labels that come out?
        x, y = made["batch"](torch.rand(sum(COUNTS), 1, 1, 2), LABELS, network)
        if "branch" in made:
            check_labels(made["branch"], made["batch"], y)
        if "loss" in made:
            try:
                made["loss"](network(x), y)
            except InputError as error:
                raise InputError(f"the loss cannot take what the method makes: {error}") from error


def check_resampling(recipe: Recipe, labels: Sequence[int]) -> None:
    """Raise an InputError if an over-sampler of a recipe cannot work with these labels.

    Parameters
    ----------
    recipe : Recipe
        Its phases are looked at.
    labels : sequence of int
        Labels of the training set.
    """
    for phase in recipe.phases:
        sampler = build(getattr(phase, "resample", None), KNOWN)
        if sampler is None:
            continue
        counts = np.bincount(labels).tolist()
        try:
            after = counts_after(sampler, counts)
        except InputError as error:
            raise InputError(f"recipe {recipe.name}: {error}") from error
        least = _fewest(sampler)
        for k, n in enumerate(counts):
            if 0 < n < min(least, after[k]):
                has = "one sample" if n == 1 else f"{n} samples"
                raise InputError(
                    f"recipe {recipe.name}: {type(sampler).__name__} needs {least} samples of a "
                    f"class to make more; class {k} has {has}: over-sample at random, or with EOS"
                )
        if isinstance(sampler, EOS) and sampler.n_neighbors >= len(labels):
            raise InputError(
                f"recipe {recipe.name}: n_neighbors is {sampler.n_neighbors}; the training set has "
                f"{len(labels)} samples, so that it can be at most {len(labels) - 1}"
            )


def _fewest(sampler: Any) -> int:
    """Return how many samples of a class an over-sampler needs that moves between neighbors."""
    if type(sampler) is imblearn.SMOTE and isinstance(sampler.k_neighbors, int):
        return sampler.k_neighbors + 1
    return 2 if isinstance(sampler, SMOTE) and not sampler.top_up else 1
