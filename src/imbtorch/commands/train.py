"""``imbtorch train``: train one network by one recipe, and store it as a checkpoint."""

import shutil
from typing import Any

from imbtorch.commands.common import add_task_options, file_to_write, say
from imbtorch.commands.decide import add_decide_options
from imbtorch.errors import InputError


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    parser.add_argument("--recipe", type=str, default="drw", help="name of the recipe")
    parser.add_argument("--seed", type=int, default=0, help="training seed")
    parser.add_argument("--out", type=str, default="model.safetensors", help="checkpoint file")
    add_decide_options(parser, "--decide")


def run(
    recipe: str,
    seed: int,
    out: str,
    decide: str | None = None,
    cost: str | None = None,
    **task_options: Any,
) -> None:
    """Train one network by one recipe, and store it as a checkpoint.

    Until then, a folder beside it holds the state, from which the same command goes on. With
    --decide or --cost, a fifth of the training set is held out, on which temperature and
    thresholds are chosen; the checkpoint holds them too.
    """
    from tqdm import tqdm

    from imbtorch.comparison.deciding import check_deciding, deciding
    from imbtorch.comparison.decisions import decision_lines, decision_words
    from imbtorch.comparison.frozen_task import check_recipe, check_trains_head, embedded_once
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.out_folder import check_folder
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.data.arrays import labels_of
    from imbtorch.metrics import classification_metrics
    from imbtorch.option_types import LAST_SEED, check_whole
    from imbtorch.training.recipes import make_recipe
    from imbtorch.training.snapshots import Snapshots
    from imbtorch.training.try_out import check_resampling

    made = make_recipe(recipe)
    if task_options["freeze"] == "backbone":
        check_trains_head(made)
    check_whole("seed", seed, 0, LAST_SEED)
    check_deciding(decide, cost)
    path = file_to_write(out)
    states = path.with_name(f"{path.name}.snapshots")
    check_folder(states)
    task = deciding(make_task(**task_options), decide, cost)
    say(task.describe())
    check_recipe(task, task.recipe(recipe))
    task = embedded_once(task)
    total = make_recipe(recipe, task.epochs).all_epochs
    check_resampling(task.recipe(recipe), labels_of(task.data.train).tolist())
    snapshots = Snapshots(states / task.folder)
    with tqdm(total=total, unit="epoch", dynamic_ncols=True) as bar:
        try:
            fitted = task.fit(recipe, seed, None, lambda row: bar.update(), snapshots)
        except InputError:  # it would end so again
            shutil.rmtree(states, ignore_errors=True)
            raise
    counts, classes = task.data.counts, task.data.classes
    task.save(path, recipe, seed, fitted.model)
    shutil.rmtree(states, ignore_errors=True)
    outputs = task.outputs(fitted.model)
    y, predicted, p = outputs.labels, outputs.predicted, outputs.probabilities
    print_classes(classification_metrics(y, predicted, counts, p), classes, counts)
    decided = task.decided(fitted.model, outputs).get("decision")
    if decided is not None:
        say([decision_words(decided, classes, counts), *decision_lines(decided, classes, counts)])
    say([f"checkpoint: {path.resolve()}"])
