"""``imbtorch train``: train one network by one recipe, and store it as a checkpoint."""

from pathlib import Path
from typing import Any

from imbtorch.commands.common import add_task_options, say


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_task_options(parser)
    parser.add_argument("--recipe", type=str, default="drw", help="name of the recipe")
    parser.add_argument("--seed", type=int, default=0, help="training seed")
    parser.add_argument("--out", type=str, default="model.safetensors", help="checkpoint file")


def run(recipe: str, seed: int, out: str, **task_options: Any) -> None:
    """Train one network by one recipe, and store it as a checkpoint."""
    from tqdm import tqdm

    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.metrics import evaluate
    from imbtorch.training.checkpoint import save_checkpoint
    from imbtorch.training.recipes import make_recipe

    make_recipe(recipe)
    task = make_task(**task_options)
    say(task.describe())
    total = make_recipe(recipe, task.epochs).all_epochs
    with tqdm(total=total, unit="epoch", dynamic_ncols=True) as bar:
        fitted = task.fit(recipe, seed, on_epoch=lambda row: bar.update())
    counts = task.data.counts
    save_checkpoint(out, fitted.model, task.header(recipe, seed))
    print_classes(evaluate(fitted.model, task.data.test, counts), task.data.classes, counts)
    say([f"checkpoint: {Path(out).resolve()}"])
