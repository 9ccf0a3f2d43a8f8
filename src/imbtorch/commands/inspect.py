"""``imbtorch inspect``: look at a data set before training on it."""

from typing import Any

from imbtorch.commands.common import say
from imbtorch.commands.task_options import DATA, READING, add_all

EXAMPLES = (
    "imbtorch inspect photos/",
    "imbtorch inspect table.csv --label kind",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("data", type=str, metavar="DATA", help=DATA)
    add_all(parser.add_argument_group("data"), READING)


def run(data: str, **options: Any) -> None:
    """Show what is in a data set, and what will matter in training."""
    from imbtorch.comparison.inspect import inspect_data
    from imbtorch.comparison.inspection import lines

    say(lines(inspect_data(data, **options)))
