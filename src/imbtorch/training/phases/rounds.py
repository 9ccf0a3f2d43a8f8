"""Build the phases of methods that work in rounds or train only the embedding."""

import inspect
from collections.abc import Callable, Mapping

from imbtorch.errors import InputError
from imbtorch.training.phases.phase import Phase
from imbtorch.training.phases.train import Train

Make = Callable[..., Phase]


def in_rounds(
    epochs: int,
    loss: Mapping[str, Callable[..., object]],
    *,
    phase: Make,
    then: Callable[[], Phase] | None = None,
    rounds: int = 3,
    each: int | None = None,
) -> list[Phase]:
    """Return plain training, then rounds of a phase, all of about the same length.

    Parameters
    ----------
    epochs : int
        Total number of epochs, at least 2.
    loss : mapping
        ``loss=`` of the phases, or empty for cross-entropy.
    phase : callable
        (epochs, loss=) -> phase of one round; a phase with its own loss takes no ``loss=``.
    then : callable, optional
        Creates the phase after the rounds.
    rounds : int, default=3
        Number of rounds.
    each : int, optional
        Epochs per round, instead of `rounds`: as many rounds as fit after plain training of at
        least the same length, or one round, of all epochs but the first if there are no more.

    Raises
    ------
    InputError
        If `rounds` or `each` is below 1, or `epochs` below 2: there would be no round.

    Examples
    --------
    >>> from imbtorch.training.phases.deep_oversample import DeepOversample
    >>> [p.epochs for p in in_rounds(10, {}, phase=DeepOversample)]
    [4, 2, 2, 2]
    >>> [p.epochs for p in in_rounds(6, {}, phase=DeepOversample, each=2)]
    [2, 2, 2]
    >>> [p.epochs for p in in_rounds(15, {}, phase=DeepOversample, each=4)]
    [7, 4, 4]
    """
    for name, value in (("rounds", rounds), ("each", each)):
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; it must be at least 1")
    if epochs < 2:
        raise InputError(f"epochs is {epochs}; plain training and rounds need at least 2 together")
    if each is not None:
        rounds = max(1, epochs // each - 1)
    rounds = min(rounds, epochs - 1)
    length = min(each or max(1, epochs // (rounds + 1)), max(1, epochs - 1))
    given = loss if "loss" in inspect.signature(phase).parameters else {}
    last = [] if then is None else [then()]
    return [
        Train(epochs - rounds * length, **loss),  # type: ignore[arg-type]
        *(phase(length, **given) for _ in range(rounds)),
        *last,
    ]


def embedding_only(
    epochs: int,
    loss: Mapping[str, Callable[..., object]],
    *,
    phase: Make,
    then: Callable[[], Phase],
) -> list[Phase]:
    """Return a phase that trains the embedding with its own loss, and one that classifies.

    Raises
    ------
    InputError
        If `loss` is not empty.
    """
    if loss:
        names = [getattr(made, "func", made).__name__ for made in (*loss.values(), phase)]
        raise InputError(f"loss is {names[0]}; {names[-1]} has its own and takes no other")
    return [phase(epochs), then()]
