"""tune: the parameters of a recipe, chosen on a validation split of the training set."""

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of, take
from imbtorch.data.load import Part
from imbtorch.errors import InputError
from imbtorch.method import SHORT, written
from imbtorch.training.catalog import CATALOG
from imbtorch.training.recipes import make_recipe, split_name

VALIDATION = 0.2
"""Fraction of the training set that is held out."""


def tune(
    task: Task,
    recipe: str,
    *,
    trials: int | None = None,
    seeds: int = 1,
    out: str | Path,
    progress: bool = True,
) -> list[tuple[str, float]]:
    """Try the candidates of a recipe; return names and validation scores, the best first.

    Parameters
    ----------
    task : Task
        Its test set is not touched.
    recipe : str
        A recipe one of whose parts has candidates (see `Method`), such as ``ldam+m2m``; options
        that it names, as ``aos:epsilon=0.1``, stay.
    trials : int, optional
        Combinations to try, by default all; fewer are chosen by optuna's TPE, which may come
        back to one and then takes its stored score.
    seeds : int, default=1
        Training seeds 0..seeds-1, whose scores are averaged.
    out : str or Path
        Folder for the runs and the journal of trials. The same command goes on from there,
        and several at once share the work.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    list of (str, float)
        The recipe with its options, and mean balanced accuracy on the validation split, in 0..1.

    Raises
    ------
    InputError
        If the recipe has no candidates, a class is too small to split, `trials` is below 1, or
        optuna is missing.
    """
    candidates = candidates_of(recipe)
    make_recipe(recipe, task.epochs)
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise InputError("tune needs optuna: pip install 'imbalanced-torch[tune]'") from error
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    task = validation_task(task)
    runs = folder / task.folder
    total = prod(len(values) for values in candidates.values())
    if trials is not None and trials < 1:
        raise InputError(f"trials is {trials}; at least 1 is needed")
    trials = total if trials is None else min(trials, total)
    sampler = (
        optuna.samplers.GridSampler(dict(candidates), seed=0)
        if trials == total
        else optuna.samplers.TPESampler()
    )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study(
            study_name=f"{recipe}, {task.folder}, {seeds} seed(s)",
            direction="maximize",
            sampler=sampler,
            storage=JournalStorage(JournalFileBackend(str(folder / "trials.log"))),
            load_if_exists=True,
        )
    with tqdm(total=0, unit="epoch", dynamic_ncols=True, disable=not progress) as bar:

        def score(trial: Any) -> float:
            chosen = {n: trial.suggest_categorical(n, list(v)) for n, v in candidates.items()}
            tried = make_recipe(named(recipe, chosen), task.epochs)
            bar.total += seeds * tried.all_epochs
            rows = run_grid(task, [tried], range(seeds), runs, bar, tidy=False)
            if len(rows) < seeds:
                raise optuna.TrialPruned
            return float(np.mean([row["metrics"]["balanced_accuracy"] for row in rows]))

        done = len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
        if done < trials:
            study.optimize(score, n_trials=trials - done)
    shutil.rmtree(runs / "snapshots", ignore_errors=True)
    scores = {
        named(recipe, trial.params): float(trial.value or 0.0)
        for trial in study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    }
    if not scores:
        raise InputError(f"every run failed: see {runs / 'failures.jsonl'}")
    return sorted(scores.items(), key=lambda item: -item[1])


def candidates_of(recipe: str) -> Mapping[str, Sequence[float | str]]:
    """Return the values to choose from for the last part of a recipe that has candidates.

    Options that the recipe names are left out.
    """
    for part in reversed(split_name(recipe).values()):
        if part.method.candidates:
            return {
                name: values
                for name, values in part.method.candidates.items()
                if SHORT.get(name, name) not in part.options
            }
    having = [name for name, method in CATALOG.items() if method.candidates]
    raise InputError(
        f"recipe is {recipe!r}; candidates are known of {', '.join(having)}, alone or joined with "
        "others by +"
    )


def named(recipe: str, options: Mapping[str, float | str]) -> str:
    """Return the name of a recipe with options added to the part that has candidates."""
    parts = split_name(recipe)
    chosen = next(part for part in reversed(parts.values()) if part.method.candidates)
    values = {SHORT.get(name, name): value for name, value in options.items()}
    names = [written(part.name, values) if part is chosen else part.name for part in parts.values()]
    return make_recipe("+".join(names)).name


def validation_task(task: Task) -> Task:
    """Return the task whose training set is four fifths of the given one, and the rest its test."""
    y = labels_of(task.data.train).numpy()
    try:
        kept, held = train_test_split(
            np.arange(len(y)), test_size=VALIDATION, random_state=task.data_seed, stratify=y
        )
    except ValueError as error:
        raise InputError(f"the training set cannot be split to validate on: {error}") from error
    train, test = (take(task.data.train, rows) for rows in (kept, held))
    return replace(task, data=task.data.part(Part.VALIDATION, train, test))
