"""Batch size and epochs that follow the size of a data set."""

from collections.abc import Container
from dataclasses import replace

from imbtorch.data.sources import FOLDERS, NO_FILES, ON_HUB
from imbtorch.training.setup import Setup

BENCHMARKS = frozenset((*NO_FILES, *FOLDERS, *ON_HUB))
"""Data sets with published schedules, which the usual setup of a network keeps to."""
BATCHES = 10
"""Batches that an epoch has at least."""
LEAST, MOST = 1_000, 20_000
"""Steps of training, at least from random weights, and at most; CIFAR-10-LT takes 19,400."""
FEWEST = 5
"""Epochs at least, so that what is deferred to the last fifth has one."""


def sized(
    setup: Setup, epochs: int, samples: int, asked: Container[str] = (), *, pretrained: bool = False
) -> tuple[Setup, int]:
    """Return a network's usual setup and number of epochs for a data set of some size.

    Parameters
    ----------
    setup : Setup
        The usual one, with what was asked for.
    epochs : int
        The usual number.
    samples : int
        Training samples, N.
    asked : container of str, default=()
        Options that were asked for: batch_size is kept if it is among them.
    pretrained : bool, default=False
        Whether the network starts from trained weights, which need no least number of steps.

    Returns
    -------
    setup : Setup
        Its batch size is at most a tenth of N.
    epochs : int
        Those that make as many steps as the usual batch size and epochs do, but from `LEAST` to
        `MOST`.

    Examples
    --------
    >>> setup, epochs = sized(Setup(), 200, 12_406)  # CIFAR-10-LT
    >>> setup.batch_size, epochs
    (128, 200)
    >>> setup, epochs = sized(Setup(), 200, 300)
    >>> setup.batch_size, epochs
    (30, 100)
    >>> sized(Setup(), 200, 100_000)[1]
    26
    """
    batch = setup.batch_size
    steps = min(epochs * samples / batch, MOST)
    if "batch_size" not in asked:
        batch = min(batch, max(2, samples // BATCHES))
    if pretrained:  # as many epochs as usual, of more and smaller batches
        most = max(FEWEST, round(MOST * batch / samples))
        return replace(setup, batch_size=batch), min(epochs, most)
    whole = max(FEWEST, round(max(steps, LEAST) * batch / samples))
    return replace(setup, batch_size=batch), whole
