"""How long a comparison takes: a few batches are timed, and the passes over the data counted."""

import json
import time
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from imbtorch.comparison.classical_seconds import classical_seconds
from imbtorch.comparison.generative_seconds import generative_seconds
from imbtorch.comparison.result_file import read_rows
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.batches import Batches
from imbtorch.method import options_of
from imbtorch.seeding import generator_from, scoped_seed
from imbtorch.training.freeze import frozen
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.recipe import Recipe

TIMED = 1.0
"""Seconds of training that are timed, or as many batches as `MOST`."""
MOST = 8
FORWARD = 1 / 3
"""A forward pass, as a share of a step of training: the backward pass takes twice as long."""


def sample_seconds(task: Task) -> float:
    """Return the seconds that plain training takes per sample: of twice as many until it counts.

    Loading, augmentation, device and precision are those of the task. Its network and the random
    states stay as they are.
    """
    size = len(labels_of(task.data.train))
    with scoped_seed(0):
        network = task.network(task.data_seed)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        fabric, order = task.fabric(), torch.randperm(size).tolist()
        with frozen(network, task.setup):
            model, optimizer = fabric.setup(network, make_optimizer(task.setup, network))
            number = min(8, size)
            for timed in range(20):
                batches = Batches(
                    task.data.train,
                    order[:number],
                    batch_size=task.setup.batch_size,
                    device=fabric.device,
                    augment=augment_by_name(task.augment),
                    rng=generator_from(0),
                )
                start = time.perf_counter()
                train_epoch(fabric, model, optimizer, batches, nn.CrossEntropyLoss(), lambda _: 0.0)
                seconds = time.perf_counter() - start
                enough = seconds > TIMED or number >= min(size, MOST * task.setup.batch_size)
                if enough and timed:  # the first round also makes what later ones find
                    break
                number = number if enough else min(2 * number, size)
    return seconds / number


def expected_seconds(task: Task, recipes: Sequence[Recipe], seeds: int, per_sample: float) -> float:
    """Return about how long recipes x seeds take; recipes that start alike share their start.

    Parameters
    ----------
    task : Task
        Data and network.
    recipes : sequence of Recipe
        Their epochs are counted, see `passes`; fits without a network and generative over-samplers
        are timed, see `classical_seconds` and `generative_seconds`.
    seeds : int
        Number of training seeds.
    per_sample : float
        See `sample_seconds`.
    """
    counts, tested = task.data.counts, len(labels_of(task.data.test))
    total, seen = 0.0, list[list[str]]()
    for recipe in recipes:
        keys, costs = passes(recipe, counts)
        begun = max((_alike(keys, other) for other in seen), default=0)
        seen.append(keys)
        total += sum(costs[begun:])
        measured = min(task.measurements, recipe.epochs) + 1
        total += FORWARD * (measured * tested + sum(counts))
    total *= seeds
    if any(phase.takes_pretrained for recipe in recipes for phase in recipe.phases):
        total += task.epochs * sum(counts)
    fits = sum(classical_seconds(task, recipe) for recipe in recipes)
    return total * per_sample + seeds * fits + generative_seconds(task, recipes, seeds)


def to_run(recipes: Sequence[Recipe], seeds: int, folder: Path) -> list[Recipe]:
    """Return the recipes of which a run is not stored in a folder of results, by their names."""
    stored = {(row["recipe"]["name"], row["seed"]) for row in read_rows(folder / "results.jsonl")}
    return [r for r in recipes if any((r.name, seed) not in stored for seed in range(seeds))]


def passes(recipe: Recipe, counts: Sequence[int]) -> tuple[list[str], list[float]]:
    """Return what each epoch of a recipe is, and how many samples' training steps it costs.

    An over-sampled epoch has K times as many samples as the largest class; a batch transform that
    takes steps, as M2m does, adds a pass a step, a branch one for each further view; a step of
    several passes, as of SAM, repeats the batch with its views. Epochs of a head alone cost
    next to nothing.

    Examples
    --------
    >>> from imbtorch import make_recipe
    >>> keys, costs = passes(make_recipe("ros", 3), [90, 10])
    >>> costs
    [180.0, 180.0, 180.0]
    """
    keys, costs = [], []
    brought = {"head": str(recipe.head), "setup": {**recipe.setup}, "augment": recipe.augment}
    for phase in recipe.phases:
        if not phase.trains_network:
            continue
        described = {**phase.describe(), "epochs": None, **brought}
        size = float(sum(counts))
        if getattr(phase, "resample", None) is not None:
            size = float(len(counts) * max(counts))
        steps = _options(getattr(phase, "batch", None)).get("steps", 0)
        views = _options(getattr(phase, "branch", None)).get("views", 0)
        keys += [json.dumps(described, sort_keys=True, default=str)] * phase.epochs
        step = getattr(phase, "step", None)
        once = getattr(getattr(step, "func", step), "passes", 1)  # of the class in a partial
        costs += [size * (once * (1 + int(views)) + int(steps))] * phase.epochs  # type: ignore[call-overload]
    return keys, costs


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many first epochs two recipes share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _options(slot: Callable[..., Any] | None) -> dict[str, object]:
    return {} if slot is None else options_of(slot)


def in_words(seconds: float) -> str:
    """Return a time as a user should read it.

    Examples
    --------
    >>> in_words(42), in_words(250), in_words(9000)
    ('about 40 s', 'about 4 min', 'about 2.5 h')
    """
    if seconds < 60:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return (
        f"about {seconds / 3600:.1f} h" if seconds < 36e4 else f"about {seconds / 86400:.0f} days"
    )
