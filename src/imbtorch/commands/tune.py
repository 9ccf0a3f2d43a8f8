"""``imbtorch tune``: choose the options of a recipe on a validation split."""

from math import isnan
from pathlib import Path
from typing import Any

from imbtorch.commands.common import SOME_FAILED, add_task_options, say


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.training.catalog import CATALOG

    having = ", ".join(name for name, method in CATALOG.items() if method.candidates)
    add_task_options(parser)
    parser.add_argument(
        "--recipe",
        type=str,
        default="m2m",
        help=f"one with candidates ({having}), alone or joined with others, such as ldam+eos",
    )
    parser.add_argument("--trials", type=int | None, help="combinations to try, by default all")
    parser.add_argument("--seeds", type=int, default=1, help="number of training seeds")
    parser.add_argument(
        "--out", type=str | None, help="folder for the runs, by default one in runs/"
    )


def run(recipe: str, trials: int | None, seeds: int, out: str | None, **task_options: Any) -> int:
    """Choose the options of a recipe on a validation split of the training set."""
    from imbtorch.comparison.frozen_task import check_trains_head
    from imbtorch.comparison.kept import file_name
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import check_folder
    from imbtorch.comparison.tune import candidates_of, tune
    from imbtorch.training.recipes import make_recipe

    candidates_of(recipe)
    if task_options["freeze"] == "backbone":
        check_trains_head(make_recipe(recipe))
    if out:
        check_folder(Path(out))
    task = make_task(**task_options)
    say(task.describe())
    folder = Path(out) if out else Path("runs") / f"tune-{task.slug}-{file_name(recipe)}"
    scores = tune(task, recipe, trials=trials, seeds=seeds, out=folder)
    say(["balanced accuracy on a fifth of the training set, percent:"])
    say(
        [
            f"  {'failed' if isnan(score) else f'{100 * score:5.1f}':6} {name}"
            for name, score in scores
        ]
    )
    say([f"to use the best: --recipes {scores[0][0]}"])
    return SOME_FAILED if isnan(scores[-1][1]) else 0
