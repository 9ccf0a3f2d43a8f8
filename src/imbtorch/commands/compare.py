"""``imbtorch compare``: which recipe helps on a data set, by how much, and at what cost."""

from pathlib import Path
from typing import Any

from imbtorch.commands.common import SOME_FAILED, add_task_options, say
from imbtorch.commands.decide import add_decide_options
from imbtorch.errors import InputError


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    parser.add_argument(
        "--recipes",
        type=str,
        default="erm,rs,drw,ldam+drw,m2m,eos",
        help="names, separated by commas; auto finds the best two on short budgets",
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of training seeds")
    parser.add_argument(
        "--out", type=str | None, help="folder for the results, by default one in runs/"
    )
    parser.add_argument(
        "--shots",
        type=str,
        default="20,100",
        help="few-shot classes have fewer samples than the first number, many-shot classes have "
        "more than the second",
    )
    parser.add_argument(
        "--folds",
        type=int | None,
        help="number of folds, each held out in turn (cross-validation); --seeds then says how "
        "often all of them are run, each time divided anew",
    )
    add_decide_options(parser, "--decide")
    parser.add_argument("--wide", action="store_true", help="print all columns of the table")
    parser.add_argument("--latex", action="store_true", help="print the table as LaTeX")
    parser.add_argument("--csv", action="store_true", help="print the table as CSV")


def run(
    recipes: str,
    seeds: int,
    out: str | None,
    shots: str,
    wide: bool,
    latex: bool,
    csv: bool,
    decide: str | None = None,
    cost: str | None = None,
    **task_options: Any,
) -> int:
    """Compare recipes on one data set; print a table, write a report and results to a folder."""
    from imbtorch.comparison.auto import choose
    from imbtorch.comparison.compare import compare
    from imbtorch.comparison.deciding import check_deciding, deciding
    from imbtorch.comparison.frozen_task import check_trains_head
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import check_out
    from imbtorch.comparison.report.tables import show_tables
    from imbtorch.data.profiles.class_groups import shot_bounds
    from imbtorch.files import write_atomically
    from imbtorch.models.backbones import short_name
    from imbtorch.option_types import check_whole
    from imbtorch.training.recipes import make_recipe, split_list

    names = split_list(recipes)
    if not names:
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
    check_whole("seeds", seeds, 1)
    check_deciding(decide, cost)
    if out:
        given = {name: task_options[name] for name in ("epochs", "augment", "precision")}
        given |= {"model": short_name(task_options["model"]), "folds": task_options["folds"]}
        check_out(Path(out), {k: v for k, v in given.items() if v not in (None, "auto")})
    task = deciding(make_task(**task_options), decide, cost)
    say(task.describe())
    folder = Path(out) if out else Path("runs") / task.slug
    if "auto" in names:
        choice = choose(task, folder / "auto")
        say(choice.lines)
        write_atomically(folder / "auto.txt", "\n".join([*choice.lines, ""]).encode())
        names = [*choice.recipes, *(n for n in names if n not in ("auto", *choice.recipes))]
    outcome = compare(task, names, seeds=seeds, out=folder, shots=bounds)
    failures = outcome.failures
    show_tables(
        folder,
        outcome.rows,
        shots=bounds,
        failures=failures,
        wide=wide,
        latex=latex,
        comma=csv,
    )
    say([f"report: {(folder / 'report.html').resolve()}"])
    return SOME_FAILED if failures else 0
