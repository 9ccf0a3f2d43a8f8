"""Choose the options of a recipe on a validation split of the training set."""

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isnan, nan, prod
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.comparison.frozen_task import embedded_once
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.suits import check_recipe
from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import validation_task
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.files import set_aside
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
        always the same ones.
    seeds : int, default=1
        Training seeds 0..seeds-1, whose scores are averaged.
    out : str or Path
        Folder for the runs and the journal of trials. The same call resumes from there, and
        several processes with the same call share the work.
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
        below 1, or optuna is missing.
    """
    candidates = candidates_of(recipe)
    check_recipe(task, make_recipe(recipe, task.epochs))
    with extra("tune", "tune"):
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    total = prod(len(values) for values in candidates.values())
    check_whole("seeds", seeds, 1)
    if trials is not None:
        check_whole("trials", trials, 1)
    trials = total if trials is None else min(trials, total)
    task = validation_task(embedded_once(task, progress=progress))
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    runs, journal = folder / task.folder, folder / "trials.log"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.BruteForceSampler(seed=0)  # at random, none twice
    open_study = partial(
        optuna.create_study,
        study_name=f"{recipe}, {task.folder}, {seeds} seed(s)",
        direction="maximize",
        sampler=sampler,
        load_if_exists=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            study = open_study(storage=JournalStorage(JournalFileBackend(str(journal))))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            set_aside(journal, "the trials are counted anew, from the stored runs", error)
            study = open_study(storage=JournalStorage(JournalFileBackend(str(journal))))
    with progress_bar(
        total=trials * seeds * make_recipe(recipe, task.epochs).all_epochs,
        unit="epoch",
        disable=not progress,
    ) as bar:

        def measured(tried: str, bar: Any = bar) -> float:
            """Return the score of the stored runs, or NaN if one failed."""
            made = make_recipe(tried, task.epochs)
            rows = run_grid(task, [made], range(seeds), runs, bar, tidy=False).rows
            values = [row["metrics"]["balanced_accuracy"] for row in rows]
            return float(np.mean(values)) if len(values) == seeds else nan

        def score(trial: Any) -> float:
            chosen = {n: trial.suggest_categorical(n, list(v)) for n, v in candidates.items()}
            value = measured(named(recipe, chosen))
            if isnan(value):
                raise optuna.TrialPruned
            return value

        state = optuna.trial.TrialState
        done = len(study.get_trials(states=[state.COMPLETE]))
        if done < trials:
            study.optimize(score, n_trials=trials - done)
        ended = {s: study.get_trials(states=[s]) for s in (state.PRUNED, state.COMPLETE)}
        scores = dict.fromkeys((named(recipe, trial.params) for trial in ended[state.PRUNED]), nan)
        # from the runs, whose rows have checksums, rather than from the journal
        names = {named(recipe, trial.params) for trial in ended[state.COMPLETE]}
        stored = progress_bar(total=0, disable=True)
        scores |= {name: measured(name, stored) for name in sorted(names)}
    shutil.rmtree(runs / "snapshots", ignore_errors=True)
    if all(map(isnan, scores.values())):
        raise InputError(f"every run failed: see {runs / 'failures.jsonl'}")
    return sorted(scores.items(), key=lambda item: (isnan(item[1]), -item[1]))


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
