"""Checks of what every task needs, made before any data are opened."""

from imbtorch.errors import unknown_name
from imbtorch.option_types import LAST_SEED, check_whole
from imbtorch.training.checks import PRECISIONS


def check_how(epochs: int | None, data_seed: int, precision: str) -> None:
    """Raise an InputError for what no task can have; None is a choice left open."""
    if epochs is not None:
        check_whole("epochs", epochs, 1)
    check_whole("data_seed", data_seed, 0, LAST_SEED)
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, (*PRECISIONS, "auto"))
