"""``imbtorch inspect``: look at a data set before training on it."""

from typing import Any

from imbtorch.commands.common import say


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.comparison.inspect import inspect_data

    parser.add_function_arguments(inspect_data, as_positional=True)


def run(data: str, **options: Any) -> None:
    """Show what is in a data set, and what will matter in training."""
    from imbtorch.comparison.inspect import inspect_data
    from imbtorch.comparison.inspection import lines

    say(lines(inspect_data(data, **options)))
