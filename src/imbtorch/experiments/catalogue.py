"""What can be reproduced, what of it is stored, and how long the rest would take here."""

import json
import time
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from imbtorch.data.named_profiles import make_profile
from imbtorch.experiments import tables
from imbtorch.experiments.paper_table import PaperTable, recipe_of
from imbtorch.experiments.store import read_rows
from imbtorch.models.build import build_model
from imbtorch.training.setup import SETUPS

SIZES = {
    "mnist": (60_000, 10, (1, 28, 28)),
    "mnist-back-rotation": (12_000, 10, (1, 28, 28)),
    "svhn": (73_257, 10, (3, 32, 32)),
    "cifar10": (50_000, 10, (3, 32, 32)),
    "cifar100": (50_000, 100, (3, 32, 32)),
    "stl10": (5_000, 10, (3, 96, 96)),
}
"""Data set -> training samples, classes, shape."""
SEEDS = 3
"""Training seeds of a table, where none are said."""


def print_catalogue(root: Path) -> None:
    """Print every table: its title, runs stored and in all, and an estimate for the others."""
    shown = Table("table", "what", "runs stored", "the rest takes about", box=None)
    stored = _stored(root / "runs")
    for name, module_name in tables.TABLES.items():
        module = import_module(f"{tables.__name__}.{module_name}")
        if not hasattr(module, "TABLES"):
            first = (module.__doc__ or "").splitlines()[0]
            finished = (root / name / "table.md").exists()
            shown.add_row(name, first, *(("all", "") if finished else ("-", "minutes")))
            continue
        table = module.TABLES[name]
        done = total = 0
        seconds = 0.0
        for options, recipe, seed in _cells(table):
            total += 1
            data_seed = seed if table.data_seeds else 0
            if _is_stored(stored, options, recipe, seed, data_seed):
                done += 1
            else:
                data, ratio = options["data"], options.get("ratio", 100.0)
                samples = _samples(data, options["profile"], ratio)
                seconds += recipe.epochs * samples * _sample_seconds(options["model"], data)
        took = f"{seconds / 3600:.1f} h" if seconds > 3600 else f"{seconds / 60:.0f} min"
        shown.add_row(name, table.title, f"{done} / {total}", took if seconds else "")
    Console(width=120).print(shown)
    Console().print(
        f"{SEEDS} seeds, this machine, one process. The estimate is of plain training from a few "
        "steps: M2m and over-sampled sets take longer, recipes that begin alike less."
    )


def _cells(table: PaperTable) -> Iterator[tuple[Mapping[str, Any], Any, int]]:
    for options in table.columns.values():
        for method in table.methods:
            for seed in range(SEEDS):
                yield options, recipe_of(method, options["epochs"]), seed


def _stored(folder: Path) -> list[dict[str, Any]]:
    """Return experiment and rows of every task whose runs are stored."""
    found = []
    for label in sorted(folder.glob("*/experiment.json")):
        rows = read_rows(label.with_name("results.jsonl"))
        experiment = json.loads(label.read_text())
        runs = [(row["recipe"], row["training_seed"]) for row in rows]
        found.append({"experiment": experiment, "runs": runs})
    return found


def _is_stored(
    stored: list[dict[str, Any]], options: Mapping[str, Any], recipe: Any, seed: int, data_seed: int
) -> bool:
    """Whether the run of a recipe and seed is stored, as far as can be told without the data."""
    described = recipe.describe()
    for task in stored:
        experiment = task["experiment"]
        data = experiment["data"]
        profile, _, ratio = data["profile"].partition(", ratio ")
        expected = "as stored" if options["profile"] == "none" else options["profile"]
        if (
            data["name"] == options["data"]
            and data["seed"] == data_seed
            and "few of each" not in data["hash"]
            and (experiment["model"], experiment["epochs"]) == (options["model"], options["epochs"])
            and (experiment["precision"], experiment["augment"]) == ("32-true", options["augment"])
            and profile == expected
            and ("ratio" not in options or float(ratio) == options["ratio"])
            and (described, seed) in task["runs"]
        ):
            return True
    return False


@cache
def _samples(data: str, profile: str, ratio: float) -> int:
    """Return the training samples that a profile leaves of a data set."""
    number, num_classes, _ = SIZES[data]
    if profile == "none":
        return number
    labels = np.repeat(np.arange(num_classes), number // num_classes)
    return len(make_profile(labels, num_classes, profile, ratio, 0)[0])


@cache
def _sample_seconds(model: str, data: str) -> float:
    """Return what plain training takes for a sample: the fastest of a few steps."""
    _, num_classes, shape = SIZES[data]
    network: Any = build_model(model, shape, num_classes)
    network.to(memory_format=torch.channels_last)
    optimizer = SETUPS[model][0].optimizer(network.parameters())
    x, y = torch.rand(32, *shape), torch.zeros(32, dtype=torch.int64)
    x = x.contiguous(memory_format=torch.channels_last)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss: Any = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return min(seconds) / len(y)
