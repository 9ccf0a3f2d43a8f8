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
from torch.utils.data import Dataset, Subset
from tqdm import tqdm

from imbtorch.data.arrays import ArrayDataset, labels_of
from imbtorch.errors import InputError
from imbtorch.experiments.grid import run_grid
from imbtorch.experiments.task import Task
from imbtorch.training.recipes import make_recipe

CANDIDATES: dict[str, dict[str, Sequence[float]]] = {
    "m2m": {"beta": (0.9, 0.99, 0.999), "lam": (0.01, 0.1, 0.5), "gamma": (0.9, 0.99)},
    "amo": {"beta": (0.99, 0.999), "lam": (0.1, 0.5)},
    "aos": {"epsilon": (0.007, 0.03, 0.1), "p": (0.1, 0.25, 0.5, 1.0)},
    "eos": {"n_neighbors": (10, 50, 100, 200, 300)},
    "dos": {"k_minority": (3, 5, 10), "alpha": (0.3, 1.0, 3.0)},
}
"""Method -> the values that its papers choose from, or name."""
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
        A recipe whose method or head is one of `CANDIDATES`, such as ``ldam+m2m``; options
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


def candidates_of(recipe: str) -> Mapping[str, Sequence[float]]:
    """Return the values to choose from for the method of a recipe, but for options it names."""
    plain, *options = recipe.split(":")
    fixed = {option.partition("=")[0] for option in options}
    parts = [part.removeprefix("ldam-") for part in plain.split("+")]
    found = [part for part in reversed(parts) if part in CANDIDATES]
    if not found:
        raise InputError(
            f"recipe is {recipe!r}; candidates are known of {', '.join(CANDIDATES)}, alone or "
            "joined with others by +"
        )
    return {name: v for name, v in CANDIDATES[found[0]].items() if name not in fixed}


def named(recipe: str, options: Mapping[str, float]) -> str:
    """Return the name of a recipe with options, as `make_recipe` takes it."""
    return ":".join([recipe, *(f"{name}={value:g}" for name, value in options.items())])


def validation_task(task: Task) -> Task:
    """Return the task whose training set is four fifths of the given one, and the rest its test."""
    y = labels_of(task.data.train).numpy()
    try:
        kept, held = train_test_split(
            np.arange(len(y)), test_size=VALIDATION, random_state=task.data_seed, stratify=y
        )
    except ValueError as error:
        raise InputError(f"the training set cannot be split to validate on: {error}") from error
    train, test = (_rows(task.data.train, rows) for rows in (np.sort(kept), np.sort(held)))
    digest = f"{task.data.digest}, validation"
    return replace(task, data=replace(task.data, train=train, test=test, digest=digest))


def _rows(dataset: Dataset[Any], rows: np.ndarray) -> Dataset[Any]:
    if isinstance(dataset, ArrayDataset):
        return ArrayDataset(dataset.x[rows], dataset.y[rows])
    return Subset(dataset, rows.tolist())
