"""A first table before a long comparison: a small network, few samples, one seed."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from imbtorch.comparison.duration import expected_seconds, sample_seconds
from imbtorch.comparison.grid import Outcome, run_grid
from imbtorch.comparison.report.failures import Failure
from imbtorch.comparison.result_file import Row
from imbtorch.comparison.sized_defaults import FEWEST, sized
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset, Pairs, labels_of, take
from imbtorch.data.as_float import as_float
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.load import Part
from imbtorch.data.stratified import stratified
from imbtorch.errors import InputError
from imbtorch.progress import progress_bar
from imbtorch.training.recipes import make_recipe
from imbtorch.training.setup import SETUPS

WORTH = 120.0
"""A comparison that takes longer, in seconds, begins with a first look."""
BUDGET, LIMIT = 45.0, 75.0
"""Seconds that it should take, and after which no further recipe is begun."""
SAMPLES, EACH, SIDE = 2_000, 5, 32
"""Samples of training and test set, of each class at least, and the longer side of images."""


def quick_task(task: Task) -> Task:
    """Return a task on few of the samples, for images with a small network and small images."""
    train, test = (_few(split, task.data_seed) for split in (task.data.train, task.data.test))
    spec = task.data.input
    if isinstance(spec, ImageInput):
        train, test = (_small(split, task.data.classes) for split in (train, test))
        setup, epochs = sized(*SETUPS["small-cnn"], len(labels_of(train)))
        size = (int(train.x.shape[2]), int(train.x.shape[3]))
        data = replace(task.data.part(Part.FIRST_LOOK, train, test), input=replace(spec, size=size))
        augment = "none" if task.origin is not None else task.augment
        small = {"model": "small-cnn", "setup": setup, "origin": None, "augment": augment}
        return replace(task, data=data, epochs=epochs, **small)  # type: ignore[arg-type]
    return replace(task, data=task.data.part(Part.FIRST_LOOK, train, test))


def _few(split: Pairs, seed: int) -> Pairs:
    """Return a few thousand samples at most, with at least `EACH` of a class that has them."""
    y = labels_of(split).numpy()
    if len(y) <= SAMPLES:
        return split
    first = [np.flatnonzero(y == k)[:EACH] for k in np.unique(y)]
    rows = np.unique(np.concatenate([stratified(y, SAMPLES / len(y), seed)[1], *first]))
    return take(split, rows)


def _small(split: Pairs, classes: Sequence[str]) -> ArrayDataset:
    """Return images whose longer side is `SIDE`, in memory."""
    x: Tensor = (
        split.x
        if isinstance(split, ArrayDataset)
        else torch.stack([split[i][0] for i in range(len(labels_of(split)))])
    )
    height, width = x.shape[2:]
    scale = min(1.0, SIDE / max(height, width))
    size = [max(8, round(side * scale)) for side in (height, width)]
    made = functional.interpolate(as_float(x), size, mode="area")
    kept = (made * 255).round().to(torch.uint8) if x.dtype == torch.uint8 else made
    return ArrayDataset(kept, labels_of(split), classes)


def first_look(
    task: Task, names: Sequence[str], out: Path, *, progress: bool = True
) -> tuple[Outcome, str]:
    """Train by each recipe once, for as few epochs as fit a minute.

    Parameters
    ----------
    task : Task
        The whole task, or with folds that of the first one; see `quick_task` for what is taken.
    names : sequence of str
        Names of recipes. Those that take too long are left out.
    out : Path
        Folder for the runs; those stored there are not repeated.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    outcome : Outcome
        Rows and failures.
    title : str
        What was trained, and how briefly.
    """
    start = time.monotonic()
    quick = quick_task(task.at(0))
    per_sample = sample_seconds(quick)

    def seconds(name: str, epochs: int) -> float:
        short = replace(quick, epochs=epochs)
        return expected_seconds(short, [make_recipe(name, epochs)], 1, per_sample)

    cost = {name: seconds(name, quick.epochs) for name in names}
    fits = [name for name in names if not make_recipe(name, 2).epochs]  # train no network
    usual = min((cost[name] for name in names if name not in fits), default=BUDGET)
    dear = [name for name in names if cost[name] > (BUDGET if name in fits else 3 * usual)]
    taken = (
        [name for name in names if name not in dear] if sum(cost.values()) > BUDGET else [*names]
    )
    fixed = sum(cost[name] for name in taken if name in fits)  # whatever the number of epochs
    varied = sum(cost[name] for name in taken) - fixed
    share = min(1.0, max(BUDGET - fixed, 0.0) / varied) if varied else 1.0
    quick = replace(quick, epochs=max(FEWEST, int(share * quick.epochs)))
    rows, failures = list[Row](), list[Failure]()
    with progress_bar(total=0, unit="epoch", desc="first look", disable=not progress) as bar:
        bar.total = sum(make_recipe(name, quick.epochs).all_epochs for name in taken)
        for name in taken:
            if rows and time.monotonic() - start > LIMIT:
                break
            one = run_grid(quick, [quick.recipe(name)], [0], out / quick.folder, bar, tidy=False)
            rows, failures = [*rows, *one.rows], [*failures, *one.failures]
    if not rows:
        raise InputError(f"every run of the first look failed: see failures.jsonl in {out}")
    n, tested = len(labels_of(quick.data.train)), len(labels_of(quick.data.test))
    of = "samples"
    if isinstance(quick.data.input, ImageInput):
        of = "images of {} x {} pixels".format(*quick.data.input.size)
    absent = [name for name in names if name not in {row["recipe"]["name"] for row in rows}]
    return Outcome(rows, failures), (
        f"first look, not a result: {quick.model}, {n} {of}, {quick.epochs} epochs, one seed, "
        f"measured on {tested}" + (f"; without {', '.join(absent)}" if absent else "")
    )
