"""``imbtorch compare``: which recipe helps on a data set, by how much, and at what cost."""

import sys
from collections.abc import Mapping
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from imbtorch.commands.before import before
from imbtorch.commands.common import SOME_FAILED, add_log_option, say
from imbtorch.commands.decide import add_decide_options
from imbtorch.commands.task_options import GROUPS, add_task_options
from imbtorch.comparison.usual_recipes import USUAL, usual_recipes, without_network
from imbtorch.errors import InputError

if TYPE_CHECKING:
    from imbtorch.comparison.task import Task

EXAMPLES = (
    "imbtorch compare photos/ --recipes auto",
    "imbtorch compare table.csv --label kind --recipes erm,drw,eos --seeds 5",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--recipes",
        type=str | None,
        help="names, separated by commas; auto finds the best two on short budgets; default: "
        f"{','.join(USUAL)}, and on tables hgb and logistic, which train no network",
    )
    group.add_argument(
        "--seeds", type=int, default=3, help="number of training seeds (default: %(default)s)"
    )
    group.add_argument(
        "--out", type=str | None, help="folder for the results; default: one in runs/"
    )
    group.add_argument(
        "--shots",
        type=str,
        default="20,100",
        help="few-shot classes have fewer samples than the first number, many-shot classes have "
        "more than the second (default: %(default)s)",
    )
    group.add_argument(
        "--folds",
        type=int | None,
        help="number of folds, each held out in turn (cross-validation); --seeds then says how "
        "often all of them are run, each time divided anew",
    )
    add_log_option(group)
    add = parser.add_argument_group("table").add_argument
    add("--wide", action="store_true", help="print all columns of the table")
    add("--latex", action="store_true", help="print the table as LaTeX")
    add("--csv", action="store_true", help="print the table as CSV")
    add_decide_options(parser.add_argument_group("decision"), "--decide")


def run(latex: bool = False, csv: bool = False, **options: Any) -> int:
    """Compare recipes on one data set; print a table, write a report and results to a folder."""
    forms = sys.stdout  # a table for another program stands there alone
    with redirect_stdout(sys.stderr) if latex or csv else nullcontext():
        return _compare(**options, latex=latex, csv=csv, forms=forms)


def _compare(
    recipes: str | None,
    seeds: int,
    out: str | None,
    shots: str,
    log: str | None = None,
    decide: str | None = None,
    cost: str | None = None,
    wide: bool = False,
    latex: bool = False,
    csv: bool = False,
    *,
    forms: TextIO,
    **task_options: Any,
) -> int:
    from imbtorch.comparison.auto import choose
    from imbtorch.comparison.compare import compare
    from imbtorch.comparison.deciding import check_deciding, deciding
    from imbtorch.comparison.decisions import decided_lines
    from imbtorch.comparison.frozen_task import embedded_once
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import FILES, FOLDERS, check_apart, check_out
    from imbtorch.comparison.report.tables import show_tables
    from imbtorch.comparison.suits import check_recipe, check_trains_head
    from imbtorch.comparison.task_words import brought_lines
    from imbtorch.comparison.tracking import check_tracker
    from imbtorch.data.arrays import labels_of
    from imbtorch.data.profiles.class_groups import shot_bounds
    from imbtorch.files import write_atomically
    from imbtorch.models.backbones import short_name
    from imbtorch.option_types import check_whole
    from imbtorch.training.recipes import make_recipe, split_list
    from imbtorch.training.try_out import check_resampling

    names = [] if recipes is None else list(dict.fromkeys(split_list(recipes)))
    if not names and recipes is not None:
        raise InputError(f"recipes is {recipes!r}; name at least one, such as erm")
    for name in names:  # reject a wrong name before opening any data
        if name != "auto":
            made = make_recipe(name)
            if task_options["freeze"] == "backbone":
                check_trains_head(made)
    if "auto" in names and task_options["folds"] is not None:
        raise InputError(
            "recipes is auto and folds is set; every sample is tested in one of the folds, so that "
            "none is left to choose recipes on: name the recipes, or leave --folds out"
        )
    bounds = shot_bounds(shots)
    if log is not None:
        check_tracker(log)
    check_whole("seeds", seeds, 1)
    check_deciding(decide, cost)
    read = (task_options["data"], cost, task_options["pretrained"])
    check_apart(Path(out or "runs"), *read, names=(*FILES, *FOLDERS) if out else ())
    if out:
        given = {name: task_options[name] for name in ("epochs", "augment", "precision")}
        given |= {"model": short_name(task_options["model"]), "folds": task_options["folds"]}
        check_out(Path(out), {k: v for k, v in given.items() if v not in (None, "auto")})
    task = deciding(make_task(**task_options), decide, cost)
    say(task.describe())
    names = names or usual_recipes(task)
    if "auto" in names:
        names += [name for name in without_network(task.data.input) if name not in names]
    labels = labels_of(task.data.train).tolist()
    for name in names:
        if name != "auto":
            check_recipe(task, task.recipe(name))
            check_resampling(task.recipe(name), labels)
    say(brought_lines(task.recipe(name) for name in names if name != "auto"))
    folder = Path(out) if out else _default_folder(task)
    check_out(folder, task.identity())
    task = embedded_once(task)
    before(task, names, seeds * task.folds, folder, bounds, partial(_plainer, task_options))
    if "auto" in names:
        choice = choose(task, folder / "auto")
        say(choice.lines)
        write_atomically(folder / "auto.txt", "\n".join([*choice.lines, ""]).encode())
        names = [*choice.recipes, *(n for n in names if n not in ("auto", *choice.recipes))]
    outcome = compare(task, names, seeds=seeds, out=folder, shots=bounds, log=log)
    failures = outcome.failures
    with redirect_stdout(forms):
        show_tables(
            folder,
            outcome.rows,
            shots=bounds,
            failures=failures,
            wide=wide,
            latex=latex,
            comma=csv,
        )
    say(decided_lines(outcome.rows))
    say([f"report: {(folder / 'report.html').resolve()}"])
    say(["the same command goes on where it stopped; with more seeds or recipes, it adds them"])
    return SOME_FAILED if failures else 0


def _default_folder(task: "Task") -> Path:
    """Return the folder for a task: by its short name, unless another experiment has that."""
    from imbtorch.comparison.out_folder import check_out

    folder = Path("runs") / task.slug
    try:
        check_out(folder, task.identity())
    except InputError:
        taken, folder = folder, Path("runs") / task.folder
        say([f"{taken} holds another experiment: results go to {folder}"])
    return folder


def _plainer(task_options: Mapping[str, Any]) -> "Task":
    """Return the task on the same data with a bag of words and the small network for it."""
    from imbtorch.comparison.make_task import make_task

    kept = ["data", *(option.name for option in GROUPS["data"])]
    return make_task(**{name: task_options[name] for name in kept if name in task_options})
