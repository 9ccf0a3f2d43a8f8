"""``imbtorch tune``: choose the options of a recipe on a validation split."""

from math import isnan, prod
from pathlib import Path
from typing import Any

from imbtorch.commands.common import SOME_FAILED, say
from imbtorch.commands.task_options import add_task_options
from imbtorch.printable import plural

EXAMPLES = (
    "imbtorch tune photos/ --recipe m2m --trials 10",
    "imbtorch tune table.csv --label kind --recipe ldam+eos --seeds 3",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    add = parser.add_argument_group("search").add_argument
    add(
        "--recipe",
        type=str,
        default="m2m",
        help="one whose paper tries several values, alone or joined with others, such as ldam+eos "
        "(default: %(default)s)",
    )
    add("--trials", type=int | None, help="combinations to try; default: all")
    add("--seeds", type=int, default=1, help="number of training seeds (default: %(default)s)")
    add("--out", type=str | None, help="folder for the runs; default: one in runs/")


def run(recipe: str, trials: int | None, seeds: int, out: str | None, **task_options: Any) -> int:
    """Choose the options of a recipe on a validation split of the training set."""
    from imbtorch.comparison.duration import expected_seconds, in_words, sample_seconds
    from imbtorch.comparison.frozen_task import embedded_once
    from imbtorch.comparison.kept import file_name
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import check_apart, check_folder
    from imbtorch.comparison.suits import check_recipe, check_trains_head
    from imbtorch.comparison.task_words import brought_lines
    from imbtorch.comparison.tune import candidates_of, tune
    from imbtorch.training.recipes import make_recipe

    candidates_of(recipe)
    if task_options["freeze"] == "backbone":
        check_trains_head(make_recipe(recipe))
    check_apart(Path(out or "runs"), task_options["data"], task_options["pretrained"])
    if out:
        check_folder(Path(out))
    task = make_task(**task_options)
    say(task.describe())
    check_recipe(task, task.recipe(recipe))
    say(brought_lines([task.recipe(recipe)]))
    task = embedded_once(task)
    whole = prod(len(values) for values in candidates_of(recipe).values())
    number = whole if trials is None else min(whole, trials)
    made = task.recipe(recipe)
    seconds = number * expected_seconds(task, [made], seeds, sample_seconds(task))
    say([f"{in_words(seconds)} for {plural(number, 'trial')}, by the time of a few batches"])
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
