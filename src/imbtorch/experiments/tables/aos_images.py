"""AOS poster, Tables 1 and 2: MNIST and CIFAR-10 in the step profile, macro F1.

The poster gives neither network nor schedule: here the small CNN, 5 epochs, no augmentation. An
epoch of BASE is one pass over the imbalanced set; after over-sampling it is one over a set with
all classes as large as the largest. ``p``, which is not given either, is the default of `AOS`.
Intel's scenes (Table 1) are not at hand and left out.
"""

from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from tqdm import tqdm

from imbtorch.evaluation.metrics import evaluate
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.store import ResultStore, write_atomically
from imbtorch.experiments.tables.cells import Cell, claims, show
from imbtorch.experiments.task import Task, versions
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe, with_batch_options

EPOCHS = 5
RATIO = {"aos-1": 60.0, "aos-2": 500.0}
EPSILON = {"aos-1": 0.007, "aos-2": 0.1}
PUBLISHED: dict[str, dict[tuple[str, float], tuple[float, float, float]]] = {
    "aos-1": {
        ("cifar10", 0.4): (46.34, 60.18, 60.77),
        ("cifar10", 0.6): (35.77, 52.67, 54.10),
        ("cifar10", 0.8): (31.90, 49.84, 51.18),
    },
    "aos-2": {
        ("mnist", 0.3): (83.39, 86.60, 92.92),
        ("mnist", 0.9): (76.38, 79.69, 83.51),
        ("cifar10", 0.3): (44.66, 43.83, 45.41),
        ("cifar10", 0.9): (2.35, 7.59, 16.26),
    },
}
"""Table -> data set and fraction mu of minority classes -> macro F1 of the rows, in per cent."""
ROWS = ("base", "ros", "aos")
CLAIMS = {"ros": ("base",), "aos": ("base", "ros")}


def load(table: str, data: str, minority: float) -> Task:
    """Return the task of a column."""
    return make_task(
        data,
        profile=f"step:{minority:g}",
        ratio=RATIO[table],
        model="small-cnn",
        epochs=EPOCHS,
        augment="none",
    )


def recipe_of(table: str, row: str) -> Recipe:
    """Return the recipe of a row."""
    recipe = make_recipe(row, EPOCHS)
    return with_batch_options(recipe, epsilon=EPSILON[table]) if row == "aos" else recipe


def measure(task: Task, recipe: Recipe, seed: int) -> dict[str, Any]:
    """Train by a recipe and measure the last epoch."""
    fitted = task.fit(recipe, seed)
    metrics = evaluate(fitted.model, task.data.test, task.data.counts)
    return {"metrics": metrics, "seconds": fitted.seconds, "versions": versions()}


def reproduce(table: str, out: Path, seeds: int) -> None:
    """Run the table, store each run below `out`, print it and write ``table.md``."""
    columns = PUBLISHED[table]
    cells: dict[str, list[Cell]] = {row: [] for row in ROWS}
    said = []
    with tqdm(total=len(columns) * len(ROWS) * seeds, unit="run", dynamic_ncols=True) as bar:
        for (data, minority), published in columns.items():
            task = load(table, data, minority)
            store = ResultStore(out / f"{data}-{minority:g}", task.identity())
            for row, figure in zip(ROWS, published, strict=True):
                bar.set_description(f"{data}, mu {minority:g}, {row}")
                recipe = recipe_of(table, row)
                scores = []
                for seed in range(seeds):
                    run = store.row(recipe.describe(), seed, partial(measure, task, recipe, seed))
                    scores.append(100 * run["metrics"]["f1_macro"])
                    bar.update()
                cells[row].append(Cell(figure, None, scores))
            means = {row: cells[row][-1].ours[0] for row in ROWS}
            said += [f"{data}, mu {minority:g}: {claim}" for claim in claims(means, CLAIMS)]
    headings = [f"{data}, mu {minority:g}" for data, minority in columns]
    title = f"ratio {RATIO[table]:g}, epsilon {EPSILON[table]:g}, {seeds} seed(s), macro F1"
    text = f"# AOS Table {table[-1]}\n\nMeasured (published), per cent.\n\n"
    text += show(title, headings, cells) + "\nThe poster's claims:\n\n- " + "\n- ".join(said)
    Console().print(*said, sep="\n")
    write_atomically(out / "table.md", f"{text}\n".encode())
