"""Choose the options of a recipe on a validation split of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import isnan, nan
from pathlib import Path

import numpy as np

from imbtorch.comparison.frozen_task import embedded_once
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.suits import check_recipe
from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import validation_task
from imbtorch.errors import InputError
from imbtorch.method import SHORT, written
from imbtorch.option_types import check_whole
from imbtorch.progress import progress_bar
from imbtorch.training.catalog import CATALOG
from imbtorch.training.recipe_parts import joined, split_name
from imbtorch.training.recipes import make_recipe


def tune(
    task: Task,
    recipe: str,
    *,
    trials: int | None = None,
    seeds: int = 1,
    out: str | Path,
    progress: bool = True,
) -> list[tuple[str, float]]:
    """Try the candidates of a recipe; return names and validation scores, best first.

    Parameters
    ----------
    task : Task
        Data, network and setup; the test set is not used.
    recipe : str
        A recipe of which one part has candidates (see `Method`), such as ``ldam+m2m``; options
        in its name, as in ``aos:epsilon=0.1``, are fixed.
    trials : int, optional
        Combinations to try, by default all. If fewer, they are drawn at random, none twice and
        always the same ones; more trials add to them.
    seeds : int, default=1
        Training seeds 0..seeds-1, whose scores are averaged.
    out : str or Path
        Folder for the runs. The same call resumes from there, and several processes with the same
        call share the work.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    list of (str, float)
        Recipe with its options, and mean balanced accuracy on the validation split, in 0..1; NaN,
        at the end, for one of which a run failed.

    Raises
    ------
    InputError
        If the recipe has no candidates or all are fixed, a class is too small to split, `trials` is
        below 1, or every run failed.
    """
    candidates = candidates_of(recipe)
    check_recipe(task, make_recipe(recipe, task.epochs))
    check_whole("seeds", seeds, 1)
    if trials is not None:
        check_whole("trials", trials, 1)
    task = validation_task(embedded_once(task, progress=progress))
    folder = Path(out) / task.folder
    every = [dict(zip(candidates, values, strict=True)) for values in product(*candidates.values())]
    drawn = np.random.default_rng(0).permutation(len(every))[:trials]
    tried = [make_recipe(named(recipe, every[k]), task.epochs) for k in drawn]
    total = seeds * sum(one.all_epochs for one in tried)
    with progress_bar(total=total, unit="epoch", disable=not progress) as bar:
        rows = run_grid(task, tried, range(seeds), folder, bar).rows
    scores: dict[str, list[float]] = {one.name: [] for one in tried}
    for row in rows:
        scores[row["recipe"]["name"]].append(row["metrics"]["balanced_accuracy"])
    if not rows:
        raise InputError(f"every run failed: see {folder / 'failures.jsonl'}")
    means = {n: float(np.mean(v)) if len(v) == seeds else nan for n, v in scores.items()}
    return sorted(means.items(), key=lambda item: (isnan(item[1]), -item[1]))


def candidates_of(recipe: str) -> Mapping[str, Sequence[float | str]]:
    """Return the values to choose from for the last part of a recipe that has candidates.

    Options in the name of the recipe are left out.
    """
    for part in reversed(split_name(recipe).values()):
        if part.method.candidates:
            left = {
                name: values
                for name, values in part.method.candidates.items()
                if SHORT.get(name, name) not in part.options
            }
            if not left:
                fixed = ", ".join(part.method.candidates)
                raise InputError(
                    f"recipe is {recipe!r}; nothing is left to choose: leave {fixed} out"
                )
            return left
    having = [name for name, method in CATALOG.items() if method.candidates]
    raise InputError(
        f"recipe is {recipe!r}; only these have candidates: {', '.join(having)}, alone or joined "
        "with others by +"
    )


def named(recipe: str, options: Mapping[str, float | str]) -> str:
    """Return the name of a recipe, with options added to the part that has candidates."""
    parts = split_name(recipe)
    chosen = next(part for part in reversed(parts.values()) if part.method.candidates)
    values = {SHORT.get(name, name): value for name, value in options.items()}
    tuned = replace(chosen, name=written(chosen.name, values), preset="")
    # a preset takes no options: its parts are written out if one of them is chosen for
    others = {
        role: replace(part, preset="" if part.preset == chosen.preset else part.preset)
        for role, part in parts.items()
    }
    return make_recipe(joined({**others, chosen.role: tuned}.values())).name
