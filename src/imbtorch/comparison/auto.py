"""Find the recipes that are worth a full comparison, by training on short budgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imbtorch.comparison.duration import expected_seconds
from imbtorch.comparison.frozen_task import embedded_once
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import validation_task
from imbtorch.data.hold_out import VALIDATION
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import Input
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.progress import progress_bar
from imbtorch.training.movable import moves_categories, moves_inputs
from imbtorch.training.recipes import make_recipe

START = ("erm", "rs", "drw", "balanced-softmax", "ldam+drw", "eos", "m2m")
"""Recipes to try on any data: one or two for each place where a method can act."""
SMOTE_NEEDS = 6
"""Samples that the smallest class needs for SMOTE, which looks at 5 neighbors."""
FACTOR = 3
"""Each epoch budget is a third of the next, and a third of the recipes continues to it."""
BUDGETS = 2
"""Short budgets before the full one."""


def fitting_recipes(spec: Input, counts: Sequence[int]) -> list[str]:
    """Return the names of the recipes to try on a kind of data.

    Parameters
    ----------
    spec : Input
        What the samples are.
    counts : sequence of int
        Class counts n_k of the training set.

    Returns
    -------
    list of str
        `START`; also remix for images, or smote for other data if every class has enough
        neighbors. For tokens and categories, without those that move inputs.

    Examples
    --------
    >>> fitting_recipes(ImageInput((8, 8), 1), [50, 5])[-1]
    'remix'
    """
    if isinstance(spec, ImageInput):
        return [*START, "remix"]
    if isinstance(spec, TokenInput):
        return [name for name in START if not moves_inputs(make_recipe(name))]
    names = [*START, "smote"] if min(counts) >= SMOTE_NEEDS else [*START]
    if isinstance(spec, TableInput) and spec.categorical:
        return [name for name in names if not moves_categories(make_recipe(name))]
    return names


@dataclass(frozen=True)
class Choice:
    """The outcome of `choose`.

    Attributes
    ----------
    recipes : list of str
        The baseline erm and the two best others, best first.
    lines : list of str
        What was tried, what was dropped and why, for the user to read.
    """

    recipes: list[str]
    lines: list[str]


def choose(task: Task, out: str | Path, *, seed: int = 0, progress: bool = True) -> Choice:
    """Find the two recipes that are worth a full comparison, by successive halving.

    Each recipe is trained for a ninth of the task's epochs on four fifths of the training set;
    optuna's pruner lets it continue to a third of the epochs if its balanced accuracy on the last
    fifth is in the upper third of those so far (or the best, if there are fewer than three).
    Schedules are scaled to the budget. The test set is not used.

    Parameters
    ----------
    task : Task
        Data, network and setup; its epochs are the full budget.
    out : str or Path
        Folder for the short runs. Runs stored there are not repeated.
    seed : int, default=0
        Training seed.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    Choice

    Raises
    ------
    InputError
        If a class is too small to split, every run failed, or optuna is missing.

    References
    ----------
    Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020: asynchronous
    successive halving, as implemented in optuna's ``SuccessiveHalvingPruner``.
    """
    with extra("tune", "recipes 'auto'"):
        import optuna
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = embedded_once(task, progress=progress)
    whole = validation_task(task)
    budgets = budgets_of(task.epochs)
    names = fitting_recipes(task.data.input, task.data.counts)
    pruner = optuna.pruners.SuccessiveHalvingPruner(budgets[0], reduction_factor=FACTOR)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    scores: dict[str, dict[int, float]] = {}
    with progress_bar(total=0, unit="epoch", desc="search", disable=not progress) as bar:
        for tried, name in enumerate(names):
            bar.total = bar.n + _epochs_left(names[tried:], budgets)
            trial = study.ask()
            reached = scores.setdefault(name, {})
            for budget in budgets:
                score = _score(replace(whole, epochs=budget), name, seed, Path(out), bar)
                if score is None:
                    break
                reached[budget] = score
                trial.report(score, budget)
                if trial.should_prune():
                    break
    done = {name: reached for name, reached in scores.items() if reached}
    ranked = sorted(done, key=lambda n: (len(done[n]), done[n][max(done[n])]), reverse=True)
    best = [name for name in ranked if name != "erm"][:2]
    if not best:
        raise InputError(f"every run failed: see failures.jsonl in the folders of {out}")
    return Choice(["erm", *best], _account(names, scores, ranked, best, budgets, task.epochs))


def budgets_of(epochs: int) -> list[int]:
    """Return the short budgets before a full one.

    Examples
    --------
    >>> budgets_of(90), budgets_of(4), budgets_of(2)
    ([10, 30], [2, 4], [2])
    """
    shortest = max(2, epochs // FACTOR**BUDGETS)
    budgets = (min(epochs, shortest * FACTOR**step) for step in range(BUDGETS))
    return [*dict.fromkeys(budgets)]


def _epochs_left(names: Sequence[str], budgets: Sequence[int]) -> int:
    """Return about how many epochs the search still takes: of these, one in `FACTOR` continues."""
    made = [[make_recipe(name, budget).all_epochs for budget in budgets] for name in names]
    return round(sum(first + sum(more) / FACTOR for first, *more in made))


def search_seconds(task: Task, seeds: int, per_sample: float) -> float:
    """Return about how long `choose` and the full comparison of its choice take.

    See `expected_seconds`. Which two recipes will be chosen is not known: they count as the mean.
    """
    names = fitting_recipes(task.data.input, task.data.counts)

    def seconds(name: str, epochs: int, times: int) -> float:
        short = replace(task, epochs=epochs)
        return expected_seconds(short, [make_recipe(name, epochs)], times, per_sample)

    first, *more = (sum(seconds(name, b, 1) for name in names) for b in budgets_of(task.epochs))
    search = (1 - VALIDATION) * (first + sum(more) / FACTOR)
    full = [seconds(name, task.epochs, seeds) for name in names]
    return search + full[names.index("erm")] + 2 * sum(full) / len(full)


def _score(task: Task, name: str, seed: int, out: Path, bar: Any) -> float | None:
    """Return the balanced accuracy of a recipe on the validation split, in 0..1."""
    recipe = make_recipe(name, task.epochs)
    rows = run_grid(task, [recipe], [seed], out / task.folder, bar).rows
    return float(rows[0]["metrics"]["balanced_accuracy"]) if rows else None


def _account(
    names: Sequence[str],
    scores: dict[str, dict[int, float]],
    ranked: Sequence[str],
    best: Sequence[str],
    budgets: Sequence[int],
    epochs: int,
) -> list[str]:
    """Report what was tried and what was kept or dropped, one line per recipe."""
    first, *more = budgets
    spent = "".join([f"first for {first} epochs", *(f", the better third for {n}" for n in more)])
    lines = [
        f"auto: {len(names)} recipes, {spent}; balanced accuracy on a fifth of the training set:"
    ]
    for name in [*ranked, *(n for n in names if n not in ranked)]:
        reached = scores[name]
        shown = ", ".join(f"{100 * s:.1f} after {b}" for b, s in reached.items()) or "failed"
        fate = "kept" if name in best else "baseline" if name == "erm" else "dropped"
        lines.append(f"  {name:18} {shown:32} {fate}")
    lines.append(f"in full ({epochs} epochs): erm, {' and '.join(best)}")
    return lines
