"""``imbtorch train``: train one network by one recipe, and store it as a checkpoint."""

import shutil
from contextlib import nullcontext
from typing import Any

from imbtorch.commands.common import add_log_option, file_to_write, say
from imbtorch.commands.decide import add_decide_options
from imbtorch.commands.task_options import add_task_options
from imbtorch.errors import InputError

EXAMPLES = (
    "imbtorch train photos/ --recipe drw --out model.safetensors",
    "imbtorch train table.csv --label kind --recipe ldam+drw --epochs 50",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    group = parser.add_argument_group("recipe")
    add = group.add_argument
    add("--recipe", type=str, default="drw", help="name of the recipe (default: %(default)s)")
    add("--seed", type=int, default=0, help="training seed (default: %(default)s)")
    add(
        "--out",
        type=str,
        default="model.safetensors",
        help="checkpoint to write (default: %(default)s)",
    )
    add_log_option(group)
    add_decide_options(parser.add_argument_group("decision"), "--decide")


def run(
    recipe: str,
    seed: int,
    out: str,
    log: str | None = None,
    decide: str | None = None,
    cost: str | None = None,
    **task_options: Any,
) -> None:
    """Train one network by one recipe, and store it as a checkpoint.

    Until then, a folder beside it holds the state, from which the same command goes on. With
    --decide or --cost, a fifth of the training set is held out, on which temperature and
    thresholds are chosen; the checkpoint holds them too.
    """
    from imbtorch.comparison.deciding import check_deciding, deciding
    from imbtorch.comparison.decisions import decision_entry, decision_lines, decision_words
    from imbtorch.comparison.duration import expected_seconds, in_words, sample_seconds
    from imbtorch.comparison.frozen_task import embedded_once
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import check_folder
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.comparison.suits import check_recipe, check_trains_head
    from imbtorch.comparison.task_words import brought_lines
    from imbtorch.comparison.tracking import Tracking
    from imbtorch.data.arrays import labels_of
    from imbtorch.metrics import Decision, classification_metrics
    from imbtorch.option_types import LAST_SEED, check_whole
    from imbtorch.progress import progress_bar
    from imbtorch.training.recipes import make_recipe
    from imbtorch.training.snapshots import Snapshots
    from imbtorch.training.try_out import check_resampling

    made = make_recipe(recipe)
    if task_options["freeze"] == "backbone":
        check_trains_head(made)
    check_whole("seed", seed, 0, LAST_SEED)
    check_deciding(decide, cost)
    path = file_to_write(out, task_options["data"], cost, task_options["pretrained"])
    tracking = None if log is None else Tracking(log, path.parent)
    states = path.with_name(f"{path.name}.snapshots")
    check_folder(states)
    task = deciding(make_task(**task_options), decide, cost)
    say(task.describe())
    check_recipe(task, task.recipe(recipe))
    say(brought_lines([task.recipe(recipe)]))
    task = embedded_once(task)
    total = make_recipe(recipe, task.epochs).all_epochs
    check_resampling(task.recipe(recipe), labels_of(task.data.train).tolist())
    seconds = expected_seconds(task, [task.recipe(recipe)], 1, sample_seconds(task))
    say([f"{in_words(seconds)}, by the time of a few batches"])
    snapshots = Snapshots(states / task.folder)
    logged = f"{path.stem}-{made.name}"  # other checkpoints in the folder have logs of their own
    tracked = nullcontext() if tracking is None else tracking.run(logged, seed)
    with progress_bar(total=total, unit="epoch") as bar, tracked as track:

        def on_epoch(row: dict[str, Any]) -> None:
            bar.update()
            if track is not None:
                track(row)

        try:
            fitted = task.fit(recipe, seed, None, on_epoch, snapshots)
        except InputError:  # it would end so again
            shutil.rmtree(states, ignore_errors=True)
            raise
    counts, classes = task.data.counts, task.data.classes
    outputs = task.outputs(fitted.model)
    task.save(path, recipe, seed, fitted.model, outputs)
    shutil.rmtree(states, ignore_errors=True)
    y, predicted, p = outputs.labels, outputs.predicted, outputs.probabilities
    print_classes(classification_metrics(y, predicted, counts, p), classes, counts)
    decided = decision_entry(task.decide, outputs, counts).get("decision")
    if decided is not None:
        say(
            [
                decision_words(Decision.from_json(decided), classes, counts),
                *decision_lines(decided, classes, counts),
            ]
        )
    say([f"checkpoint: {path.resolve()}"])
