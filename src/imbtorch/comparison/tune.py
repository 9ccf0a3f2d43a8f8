"""Choose the options of a recipe on a validation split of the training set."""

import shutil
import warnings
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import validation_task
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.method import SHORT, written
from imbtorch.training.catalog import CATALOG
from imbtorch.training.recipes import make_recipe, split_name


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
        Combinations to try, by default all. If fewer, optuna's TPE chooses them; it may choose
        one again, and then takes its stored score.
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
        Recipe with its options, and mean balanced accuracy on the validation split, in 0..1.

    Raises
    ------
    InputError
        If the recipe has no candidates, a class is too small to split, `trials` is below 1, or
        optuna is missing.
    """
    candidates = candidates_of(recipe)
    make_recipe(recipe, task.epochs)
    with extra("tune", "tune"):
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    task = validation_task(task)
    runs = folder / task.folder
    total = prod(len(values) for values in candidates.values())
    if trials is not None and trials < 1:
        raise InputError(f"trials is {trials}; it must be at least 1")
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

    Options in the name of the recipe are left out.
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
        f"recipe is {recipe!r}; only these have candidates: {', '.join(having)}, alone or joined "
        "with others by +"
    )


def named(recipe: str, options: Mapping[str, float | str]) -> str:
    """Return the name of a recipe, with options added to the part that has candidates."""
    parts = split_name(recipe)
    chosen = next(part for part in reversed(parts.values()) if part.method.candidates)
    values = {SHORT.get(name, name): value for name, value in options.items()}
    names = [written(part.name, values) if part is chosen else part.name for part in parts.values()]
    return make_recipe("+".join(names)).name
