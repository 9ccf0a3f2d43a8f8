"""List the papers' tables: which runs are stored, and how long the rest would take here."""

import time
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from imbtorch.comparison.result_file import read_rows
from imbtorch.data.profiles.profile import Profile
from imbtorch.extras import extra
from imbtorch.files import unseal
from imbtorch.models.build import build_model
from imbtorch.reproduction.paper_table import PaperTable, load_table, table_names
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.recipes import make_recipe
from imbtorch.training.setup import SETUPS

with extra("cli"):
    from rich.console import Console
    from rich.table import Table

SIZES = {
    "mnist": (60_000, 10, (1, 28, 28)),
    "mnist-back-rotation": (12_000, 10, (1, 28, 28)),
    "svhn": (73_257, 10, (3, 32, 32)),
    "cifar10": (50_000, 10, (3, 32, 32)),
    "cifar100": (50_000, 100, (3, 32, 32)),
    "stl10": (5_000, 10, (3, 96, 96)),
}
"""Data set -> number of training samples, number of classes, shape of a sample."""
SEEDS = 3
"""Default number of training seeds of a table."""


def print_overview(root: Path) -> None:
    """Print every table: its title, stored and total runs, and a time estimate for the rest."""
    shown = Table("table", "title", "runs stored", "time for the rest", box=None)
    stored = _stored(root / "runs")
    for table in map(load_table, table_names()):
        if any("task" in options for options in table.columns.values()):
            finished = (root / table.name / "table.md").exists()
            shown.add_row(table.name, table.title, *(("all", "") if finished else ("-", "minutes")))
            continue
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
        shown.add_row(table.name, table.title, f"{done} / {total}", took if seconds else "")
    Console(width=120).print(shown)
    Console().print(
        f"{SEEDS} seeds, one process on this machine. The estimate comes from a few steps of plain "
        "training: M2m and over-sampled sets take longer, recipes that begin alike less."
    )


def _cells(table: PaperTable) -> Iterator[tuple[Mapping[str, Any], Any, int]]:
    for options in table.columns.values():
        for name in table.recipes:
            for seed in range(SEEDS):
                yield options, make_recipe(name, options["epochs"]), seed


def _stored(folder: Path) -> list[dict[str, Any]]:
    """Return the experiment and the runs of every task that has stored runs."""
    found = []
    for label in sorted(folder.glob("*/experiment.json")):
        try:
            experiment = unseal(label.read_bytes())
        except ValueError as error:  # the next run of the task writes it again
            warnings.warn(f"{str(label)!r} is damaged and left out: {error}", stacklevel=2)
            continue
        rows = read_rows(label.with_name("results.jsonl"))
        runs = [(row["recipe"], row["seed"]) for row in rows]
        found.append({"experiment": experiment, "runs": runs})
    return found


def _is_stored(
    stored: list[dict[str, Any]], options: Mapping[str, Any], recipe: Any, seed: int, data_seed: int
) -> bool:
    """Return whether a run is stored, as far as can be told without loading the data."""
    described = recipe.describe()
    for task in stored:
        experiment = task["experiment"]
        data = experiment["data"]
        profile = Profile.from_json(data["profile"])
        expected = Profile.parse(options["profile"], options.get("ratio", profile.ratio))
        if (
            data["name"] == options["data"]
            and data["data_seed"] == data_seed
            and not data["parts"]
            and (experiment["model"], experiment["epochs"]) == (options["model"], options["epochs"])
            and (experiment["precision"], experiment["augment"]) == ("32-true", options["augment"])
            and profile == expected
            and (described, seed) in task["runs"]
        ):
            return True
    return False


@cache
def _samples(data: str, profile: str, ratio: float) -> int:
    """Return how many training samples of a data set a profile keeps."""
    number, num_classes, _ = SIZES[data]
    if profile == "none":
        return number
    labels = np.repeat(np.arange(num_classes), number // num_classes)
    return len(Profile.parse(profile, ratio).rows(labels, num_classes, 0))


@cache
def _sample_seconds(model: str, data: str) -> float:
    """Return the seconds that plain training takes per sample: the fastest of a few steps."""
    _, num_classes, shape = SIZES[data]
    network: Any = build_model(model, shape, num_classes)
    network.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(SETUPS[model][0], network)
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
