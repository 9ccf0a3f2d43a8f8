"""Run the long tables at full length, the most telling runs first; go on where it stopped.

    nice -n 19 python benchmarks/full_length.py FOLDER [ROW ...]

`FOLDER` holds the runs and the states of those under way, as ``imbtorch reproduce --out FOLDER``
does: once a table's runs are there, that command prints it. An interrupted run (Ctrl-C) goes on
from its last epoch. The same command in several processes shares the work, each taking the first
run that no other has; `ROW` are rows of the tables, such as ERM or "LDAM, EOS", to take only those.
On a GPU, whose small networks leave it idle, start several.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.kept import keep_for_pictures
from imbtorch.progress import progress_bar
from imbtorch.reproduction.paper_table import load_table
from imbtorch.reproduction.run_column import task_of

ALL = "ERM", "DRS", "AMO", "RS", "LDAM-DRW", "LDAM-AMO", "RW", "CB-RW", "LDAM", "Focal", "SMOTE"
QUEUE: Sequence[tuple[str, str, Sequence[str], Sequence[int]]] = (
    ("amo-1", "cifar10, ratio 100", ALL, [0]),
    ("eos-2", "cifar10", (), [0]),
    ("amo-2", "cifar100, ratio 100", ALL, [0]),
    ("eos-2", "cifar100", (), [0]),
    ("amo-1", "cifar10, ratio 100", ("ERM", "DRS", "AMO"), [1, 2]),
    ("amo-2", "cifar100, ratio 100", ("ERM", "DRS", "AMO"), [1, 2]),
)
"""Table, column, its rows in this order (none: all, as the table has them), training seeds."""


def main() -> None:
    """Work through the queue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--precision", default="bf16-mixed")
    asked = parser.parse_args()
    for name, column, rows, seeds in QUEUE:
        table = load_table(name)
        wanted = [r for r in rows or table.rows if not asked.rows or r in asked.rows]
        task = task_of({**table.columns[column], "precision": asked.precision})
        folder = asked.folder / "runs" / task.folder
        recipes = [task.recipe(str(table.rows[row].recipe)) for row in wanted]
        total = len(seeds) * sum(recipe.all_epochs for recipe in recipes)
        keep = partial(keep_for_pictures, folder)
        with progress_bar(total=total, unit="epoch", desc=f"{name}, {column}") as bar:
            run_grid(task, recipes, seeds, folder, bar, keep, tidy=False)


if __name__ == "__main__":
    main()
