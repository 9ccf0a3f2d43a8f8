"""What `compare` does before it trains: say how long it takes, and show a first table."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imbtorch.commands.common import say
from imbtorch.errors import InputError
from imbtorch.printable import plural

if TYPE_CHECKING:
    from imbtorch.comparison.task import Task


def before(
    task: "Task",
    names: Sequence[str],
    runs: int,
    folder: Path,
    shots: tuple[int, int],
    plainer: "Callable[[], Task]",
) -> None:
    """Say how long recipes x runs take; if that is long, show a first look.

    Parameters
    ----------
    task : Task
        As it is compared, embedded once if it is frozen.
    names : sequence of str
        Names of recipes, auto among them for the search.
    runs : int
        Number of runs of each recipe: training seeds, times folds.
    folder : Path
        Where results are stored: runs that are there are not counted.
    shots : tuple of int
        Bounds of few-shot and many-shot classes.
    plainer : callable
        Returns the task with a bag of words and a small network, for a first look at texts.
    """
    from imbtorch.comparison.auto import fitting_recipes, search_seconds
    from imbtorch.comparison.duration import (
        expected_seconds,
        in_words,
        sample_seconds,
        to_run,
    )
    from imbtorch.comparison.first_look import WORTH, first_look
    from imbtorch.comparison.report.summary import summarize
    from imbtorch.comparison.report.table import print_table
    from imbtorch.data.texts.tokens import TokenInput

    unit = "seed" if task.folds == 1 else "run"
    task = task.at(0)
    recipes = [task.recipe(name) for name in names if name != "auto"]
    missing = to_run(recipes, runs, folder)
    if not missing and "auto" not in names:
        return
    per_sample = sample_seconds(task)
    seconds = expected_seconds(task, missing, runs, per_sample)
    what = f"{plural(len(missing), 'recipe')} x {plural(runs, unit)}" if missing else ""
    if "auto" in names:
        seconds += search_seconds(task, runs, per_sample)
        search = f"the search and the best of it in full x {plural(runs, unit)}"
        what = f"{search}, and {what}" if missing else search
    say([f"{in_words(seconds)} for {what}, by the time of a few batches"])
    if seconds < WORTH or (folder / "results.jsonl").exists():
        return
    tried = [name for name in names if name != "auto"]
    if "auto" in names:
        tried = [*dict.fromkeys([*fitting_recipes(task.data.input, task.data.counts), *tried])]
    try:
        whole = plainer() if isinstance(task.data.input, TokenInput) else task.at(0)
        outcome, title = first_look(whole, tried, folder / "first-look")
    except InputError as error:
        warnings.warn(f"no first look: {error}", stacklevel=2)
        return
    print_table(summarize(outcome.rows, shots=shots), title, failures=outcome.failures)
    say([f"in full: {in_words(seconds)}; Ctrl-C stops it, and the same command goes on"])
    if seconds > LONG:
        say([_shorter(task)])


LONG = 3600.0
"""Seconds after which it is said how to take less time."""


def _shorter(task: "Task") -> str:
    """Return the options with which a comparison takes less time."""
    from imbtorch.data.images.image_input import ImageInput

    options = ["--seeds 1", f"--epochs {max(5, task.epochs // 4)}"]
    if isinstance(task.data.input, ImageInput) and task.origin is None:
        if max(task.data.input.size) > 32:
            options.append("--image-size 32")
        options.append("--model timm:resnet18 --freeze backbone (pretrained)")
    elif task.origin is not None and task.setup.freeze == "none":
        options.append("--freeze backbone")
    return f"shorter: {', or '.join(options)}"
