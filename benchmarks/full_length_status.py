"""How far the queue of `full_length.py` is: what is done, beside its published figure, and left.

Each process at work writes what it trains to a file of its own in ``FOLDER/progress``, so that this
needs no word with it, and may run on another machine with the same disk.
"""

import json
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from imbtorch.comparison.duration import expected_seconds, in_words
from imbtorch.comparison.result_file import read_rows
from imbtorch.files import write_atomically
from imbtorch.training.recipe import Recipe

SILENT = 600.0
"""Seconds after which a process that has written nothing is thought to have ended."""


class Watched:
    """A progress bar that also writes to a file which run is under way, and how fast it goes."""

    def __init__(self, bar: Any, folder: Path, task: str, recipes: Sequence[Recipe]) -> None:
        self.bar, self.task = bar, task
        self.path = folder / "progress" / f"{socket.gethostname()}-{os.getpid()}.json"
        self.epochs = {recipe.name: recipe.all_epochs for recipe in recipes}
        self.taken: list[float] = []
        self.last = time.time()
        self.run: dict[str, Any] = {}

    def __enter__(self) -> "Watched":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bar, name)

    @property
    def total(self) -> int:
        """Epochs of all runs. It grows by those of the pretrained network, trained within a run."""
        return int(self.bar.total)

    @total.setter
    def total(self, value: int) -> None:
        if self.run:
            self.run["epochs"] += value - self.bar.total
        self.bar.total = value

    def set_description(self, text: str) -> None:
        """Begin another run; `text` is its recipe and seed, as `run_grid` says them."""
        self.bar.set_description(text)
        recipe, _, seed = text.rpartition(", seed ")
        self.run = {"task": self.task, "recipe": recipe, "seed": int(seed), "epoch": 0}
        self.run["epochs"] = self.epochs[recipe]
        self.taken, self.last = [], time.time()
        self._write()

    def update(self, epochs: int = 1) -> None:
        """Count an epoch, or all of a stored run."""
        self.bar.update(epochs)
        if epochs != 1 or not self.run:
            return
        self.run["epoch"] += 1
        now = time.time()
        if now - self.last > 0.1 or not self.taken:  # not one that is restored
            self.taken = [*self.taken[-8:], now - self.last]
        self.last = now
        self._write()

    def _write(self) -> None:
        seconds = median(self.taken) if self.taken else None
        said = {**self.run, "seconds_per_epoch": seconds, "time": time.time()}
        write_atomically(self.path, json.dumps(said).encode())


@dataclass(frozen=True)
class Cell:
    """A run of the queue.

    Parameters
    ----------
    part, row, seed
        Where it stands.
    cost : float
        Training steps that it adds to the runs before it, in samples.
    alone : float
        The same without those that it shares with other runs.
    stored : mapping or None
        Its row of results.
    said : mapping or None
        What the process says that works on it.
    """

    part: Any
    row: str
    seed: int
    cost: float
    alone: float
    stored: dict[str, Any] | None
    said: dict[str, Any] | None

    @property
    def heard(self) -> bool:
        """Whether a process has said lately that it works on it."""
        return self.said is not None and time.time() - self.said["time"] <= SILENT

    @property
    def rate(self) -> float | None:
        """Seconds of a sample's training step, if the run is far enough to tell."""
        if self.stored is not None:
            return float(self.stored["seconds"]) / self.alone
        each = None if self.said is None else self.said["seconds_per_epoch"]
        return None if each is None else float(each) * self.said["epochs"] / self.alone  # type: ignore[index]

    def left(self, rate: float | None) -> float | None:
        """Seconds until it is done, once it is under way."""
        if self.stored is not None:
            return 0.0
        if self.said is not None and self.said["seconds_per_epoch"] is not None:
            return float(self.said["seconds_per_epoch"]) * (
                self.said["epochs"] - self.said["epoch"]
            )
        return None if rate is None else rate * self.cost

    def words(self, rate: float | None) -> str:
        """Our figure, if there is one, the published one, and how far it is."""
        table, place = self.part.table, [*self.part.table.measures].index(self.part.table.claimed)
        figures = table.published.get(self.part.column, {}).get(self.row, ())[place : place + 1]
        told = [f"{f[0]}±{f[1]}" if isinstance(f, Sequence) else f"{f}" for f in figures]
        ours, left = "", self.left(rate)
        state = "waiting" if left is None else f"waiting; {in_words(left)}"
        if self.stored is not None:
            ours = f"{table.measures[table.claimed](self.stored):.1f}"
            state = f"done in {in_words(self.stored['seconds'])}"
        elif self.said is not None:
            state = f"epoch {self.said['epoch']} of {self.said['epochs']}"
            state += "" if left is None else f"; {in_words(left)} left"
            silent = time.time() - self.said["time"]
            state += "" if self.heard else f"; nothing said for {in_words(silent)}: ended?"
        return f"  {self.row:28} {self.seed:4} {ours:>6} {'/'.join(told) or '-':>10}   {state}"


def cells(part: Any, said: dict[Any, dict[str, Any]]) -> Iterator[Cell]:
    """Yield the runs of a part of the queue: those that are stored, under way, and waiting."""
    rows = read_rows(part.folder / "results.jsonl")
    stored = {(row["recipe"]["name"], row["seed"]): row for row in rows}
    recipes = {row: part.task.recipe(str(part.table.rows[row].recipe)) for row in part.rows}

    def steps(*shown: Recipe) -> float:
        return expected_seconds(part.task, shown, 1, 1.0)

    for seed in part.seeds:
        found = []
        for row, recipe in recipes.items():
            key = recipe.name, seed
            found.append((row, recipe, stored.get(key), said.get((part.folder.name, *key))))
        found.sort(key=lambda cell: (cell[2] is None) + (cell[2] is None and cell[3] is None))
        before: list[Recipe] = []
        for row, recipe, *state in found:
            cost = steps(*before, recipe) - steps(*before)
            before.append(recipe)
            yield Cell(part, row, seed, cost, steps(recipe), *state)


def print_status(folder: Path, parts: Iterable[Any]) -> None:
    """Print each run of the queue: its figure, its epoch, or how long it will take."""
    said: dict[Any, dict[str, Any]] = {}
    for path in sorted((folder / "progress").glob("*.json")):
        with suppress(FileNotFoundError):  # the process has ended
            one = json.loads(path.read_text())
            said[one["task"], one["recipe"], one["seed"]] = one
    queue = [cell for part in parts for cell in cells(part, said)]
    rates: dict[str, list[float]] = {}
    for cell in queue:
        if cell.rate is not None:
            rates.setdefault(cell.part.task.model, []).append(cell.rate)
    known = {model: median(found) for model, found in rates.items()}
    part = None
    for cell in queue:
        if cell.part is not part:
            part = cell.part
            print(f"{part.table.name}, {part.column}: {part.table.claimed}, ours and published")
        print(cell.words(known.get(part.task.model)))
    left = [cell.left(known.get(cell.part.task.model)) for cell in queue]
    done = sum(cell.stored is not None for cell in queue)
    under_way = sum(cell.stored is None and cell.heard for cell in queue)
    print(f"{done} of {len(queue)} runs are done, {under_way} under way", end="; ")
    if done == len(queue):
        print("nothing is left")
    elif None in left:
        print("how long the rest takes is not known before a run of each network has begun")
    else:
        print(f"the rest takes {in_words(sum(left))} if one run follows the other")
