"""Losses that make up for the class shares: what phases with such a loss say and expect."""

import warnings
from functools import partial

from imbtorch.places import preset
from imbtorch.training.slots import name_of


def prior_taken_out(loss: object) -> float:
    """Return the power of the class prior that a loss takes out of the logits, 0 if none.

    Examples
    --------
    >>> from imbtorch.losses import FocalLoss, LogitAdjustedLoss
    >>> prior_taken_out(partial(LogitAdjustedLoss, tau=0.5)), prior_taken_out(FocalLoss)
    (0.5, 0.0)
    """
    target = loss.func if isinstance(loss, partial) else loss
    power = getattr(target, "takes_out_prior", False)
    if not isinstance(power, str):
        return float(power)
    options = preset(loss) if isinstance(loss, partial) else vars(loss)
    return float(options.get(power, 1.0))


def warn_of_twice(loss: object, balanced: str) -> None:
    """Warn if a loss makes up for the class shares beside what already does, named in words."""
    if balanced and prior_taken_out(loss):
        warnings.warn(
            f"{name_of(loss)} makes up for the class shares of the training set; with {balanced} "
            "they are made up for twice, in favor of rare classes: use the one or the other",
            UserWarning,
            stacklevel=3,
        )
