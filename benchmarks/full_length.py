"""Run the long tables at full length, the most telling runs first; go on where it stopped.

    nice -n 19 python benchmarks/full_length.py FOLDER [ROW ...]
    python benchmarks/full_length.py FOLDER --status      # done, under way, waiting; how long
    python benchmarks/full_length.py FOLDER --jobs 12     # on a GPU: small networks leave it idle

`FOLDER` holds the runs and the states of those under way, as ``imbtorch reproduce --out FOLDER``
does: once a table's runs are there, that command prints it. An interrupted run (Ctrl-C, SIGTERM)
goes on from its last epoch. The same command in several processes shares the work, each taking the
first run that no other has; `ROW` are rows of the tables, such as ERM or "LDAM, EOS", to take only
those. Processes that begin at once train what their recipes have in common each for itself. The
exit status is 1 if runs failed.

``--jobs N`` starts N processes, each with an N-th of the cores and of the device's memory, and
writes what they say to ``FOLDER/logs``. On one NVIDIA device, CUDA's multi-process service lets
their kernels run at once instead of in turns: ``nvidia-cuda-mps-control -d`` before, ``echo quit |
nvidia-cuda-mps-control`` after.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import torch
from full_length_status import Watched, print_status

from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.kept import keep_for_pictures
from imbtorch.comparison.precision import settled
from imbtorch.comparison.task import Task
from imbtorch.errors import unknown_name
from imbtorch.progress import progress_bar
from imbtorch.reproduction.paper_table import PaperTable, load_table
from imbtorch.reproduction.run_column import task_of
from imbtorch.stopping import terminable

ALL = "ERM", "DRS", "AMO", "RS", "LDAM-DRW", "LDAM-AMO", "RW", "CB-RW", "LDAM", "Focal", "SMOTE"
STRONG = "strong-fast", "strong"
QUEUE: Sequence[tuple[str, str, Sequence[str], Sequence[int]]] = (
    ("amo-1", "cifar10, ratio 100", ALL, [0]),
    ("eos-2", "cifar10", (), [0]),
    ("strong", "cifar10, ratio 100", STRONG, [0]),
    ("strong", "cifar100, ratio 100", STRONG, [0]),
    ("strong-amo", "cifar10, ratio 100", (), [0]),
    ("amo-2", "cifar100, ratio 100", ALL, [0]),
    ("eos-2", "cifar100", (), [0]),
    ("amo-1", "cifar10, ratio 100", ("ERM", "DRS", "AMO"), [1, 2]),
    ("amo-2", "cifar100, ratio 100", ("ERM", "DRS", "AMO"), [1, 2]),
    ("strong-amo", "cifar100, ratio 100", (), [0]),
    ("strong", "cifar10, ratio 100", STRONG, [1, 2]),
    ("strong", "cifar100, ratio 100", STRONG, [1, 2]),
)
"""Table, column, its rows in this order (none: all, as the table has them), training seeds."""


class Part(NamedTuple):
    """A part of the queue: some rows of a table's column."""

    table: PaperTable
    column: str
    rows: list[str]
    seeds: Sequence[int]
    task: Task
    folder: Path


def parts(folder: Path, rows: Sequence[str], precision: str) -> Iterator[Part]:
    """Yield the parts of the queue that have one of the rows; without rows, all parts."""
    task = lru_cache(lambda name, column: task_at(name, column, precision))
    for name, column, wanted, seeds in QUEUE:
        table = load_table(name)
        chosen = [row for row in wanted or table.rows if not rows or row in rows]
        if chosen:
            of = task(name, column)
            yield Part(table, column, chosen, seeds, of, folder / "runs" / of.folder)


def task_at(name: str, column: str, precision: str) -> Task:
    """Return the task of a table's column."""
    return task_of({**load_table(name).columns[column], "precision": settled(precision)})


def work(folder: Path, rows: Sequence[str], precision: str) -> int:
    """Work through the queue: first what no other process does, then what others left undone.

    Returns the number of runs that failed, each of which is tried once.
    """
    failed: set[tuple[Path, str]] = set()
    number = 0
    for wait in (False, True):
        for part in parts(folder, rows, precision):
            title, task = f"{part.table.name}, {part.column}", part.task
            named = [task.recipe(str(part.table.rows[row].recipe)) for row in part.rows]
            recipes = [one for one in named if (part.folder, one.name) not in failed]
            total = len(part.seeds) * sum(recipe.all_epochs for recipe in recipes)
            keep = partial(keep_for_pictures, part.folder)
            with (
                progress_bar(total=total, unit="epoch", desc=title) as bar,
                Watched(bar, folder, part.folder.name, recipes) as watched,
            ):
                found = run_grid(
                    *(task, recipes, part.seeds, part.folder, watched, keep),
                    tidy=False,
                    wait=wait,
                ).failures
            failed |= {(part.folder, name) for name, *_ in found}
            number += len(found)
    return number


def side_by_side(folder: Path, jobs: int, arguments: Sequence[str]) -> int:
    """Start several processes of this command, wait for them, and pass an interrupt on to them.

    Returns 0 if all of them did: one that a signal ended, as for want of memory, has a code below.
    """
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    command = [sys.executable, __file__, str(folder), *arguments, "--share", f"{1 / jobs:.4f}"]
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    processes = []
    for job in range(jobs):
        with (folder / "logs" / f"{job}.log").open("ab") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": threads}
            options = {"stdout": log, "stderr": log, "start_new_session": True}
            processes.append(subprocess.Popen(command, env=environment, **options))
    try:
        with terminable():
            return max(abs(process.wait()) for process in processes)
    except KeyboardInterrupt:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
        raise


def main() -> None:
    """Work through the queue, or say how far it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--precision", default="bf16-mixed", help="see imbtorch compare")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work")
    parser.add_argument("--status", action="store_true", help="say how far it is, and do nothing")
    parser.add_argument("--share", type=float, default=1.0, help="of the GPU's memory, at most")
    asked = parser.parse_args()
    known = dict.fromkeys(row for name, _, own, _ in QUEUE for row in own or load_table(name).rows)
    for row in asked.rows:
        if row not in known:
            parser.error(str(unknown_name("ROW", row, known)))
    if asked.status and not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder; runs have not begun there")
    if asked.status:
        print_status(asked.folder, parts(asked.folder, asked.rows, asked.precision))
    elif asked.jobs > 1:
        arguments = [*asked.rows, "--precision", asked.precision]
        sys.exit(side_by_side(asked.folder, asked.jobs, arguments))
    else:
        if torch.cuda.is_available() and asked.share < 1:
            torch.cuda.set_per_process_memory_fraction(asked.share)
        with terminable():
            sys.exit(1 if work(asked.folder, asked.rows, asked.precision) else 0)


if __name__ == "__main__":
    main()
