"""The report on runs of a task, with its held-out samples and what was made of training ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from imbtorch.comparison.folded_task import FoldedTask
from imbtorch.comparison.kept import KINDS, stored
from imbtorch.comparison.made import judged
from imbtorch.comparison.report.failures import Failure
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.task import Task
from imbtorch.data.profiles.class_groups import SHOTS


def report_on(
    task: Task,
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    recipes: Sequence[str],
    *,
    shots: tuple[int, int] = SHOTS,
    failures: Sequence[Failure] = (),
) -> Path:
    """Write the report on runs of a task, of the pictures that their folder keeps.

    Parameters
    ----------
    task : Task
        Whose runs they are.
    folder : Path
        Where the runs are stored and the report is written, see `write_report`.
    rows : sequence of mapping
        Result rows as stored; at least one.
    recipes : sequence of str
        Names of the recipes whose pictures are shown.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.
    failures : sequence of (str, int, str)
        Recipe name, seed and reason of each run that failed.

    Returns
    -------
    Path
        Path of ``report.html``.
    """
    shown = task.data.test_rows
    if isinstance(task, FoldedTask):  # every sample is held out once
        shown = task.divided.source.train.rows
    embeddings, examples = (stored(folder, recipes, kind) for kind in KINDS)
    return write_report(
        folder,
        rows,
        embeddings,
        examples,
        shots=shots,
        failures=failures,
        shown=shown,
        columns=getattr(task.data.input, "columns", ()),
        costs=task.decide.costs if task.decide else None,
        made=judged(task.at(0), folder, recipes),
    )
