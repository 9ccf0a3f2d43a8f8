"""``imbtorch inspect``: look at a data set before training on it."""

from typing import Any

from imbtorch.commands.common import say


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.comparison.inspect import inspect_data

    parser.add_function_arguments(inspect_data, as_positional=True)


def run(data: str, label: str | None, image_size: int | None, data_seed: int) -> None:
    """Show what is in a data set, and what will matter in training."""
    from imbtorch.comparison.inspect import inspect_data, lines

    say(lines(inspect_data(data, label=label, image_size=image_size, data_seed=data_seed)))
