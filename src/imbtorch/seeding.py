"""Reproducible randomness: seeds for one block, seeds for one purpose, and generators."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def _cuda_in_use() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


@contextmanager
def same_random_state() -> Iterator[None]:
    """Leave the global random state of Python, NumPy and torch as it was before the block.

    Also a decorator: public functions that run a user's code (a data set, a network) have it.

    Examples
    --------
    >>> before = torch.get_rng_state()
    >>> with same_random_state():
    ...     drawn = random.random(), np.random.rand(), torch.rand(1)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    # not where CUDA is idle: to ask for its state would start it
    devices = list(range(torch.cuda.device_count())) if _cuda_in_use() else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


@contextmanager
def scoped_seed(seed: int) -> Iterator[None]:
    """Seed torch's default generators with `seed`, inside the block only.

    Parameter initialization and dropout take no generator argument. Inside this block they
    depend on `seed` only; afterwards the caller's random state is restored.

    Parameters
    ----------
    seed : int
        Any non-negative integer.

    Examples
    --------
    >>> before = torch.get_rng_state()
    >>> with scoped_seed(3):
    ...     first = torch.rand(1)
    >>> with scoped_seed(3):
    ...     second = torch.rand(1)
    >>> bool(first == second), bool((torch.get_rng_state() == before).all())
    (True, True)
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        if devices or torch.backends.mps.is_available():
            torch.manual_seed(seed)
        else:  # which does not keep the seed, and the stack, for a GPU that is not there
            torch.default_generator.manual_seed(seed)
        yield


def derive_seed(seed: int, *words: str | int) -> int:
    """Return a seed for one purpose, so that no two purposes share a random stream.

    Parameters
    ----------
    seed : int
        The run's training seed, non-negative.
    *words : str or int
        What the seed is for, e.g. ``"augment"`` or ``("epoch", 3)``. Words are joined without a
        mark between them: ``("ab", "c")`` and ``("a", "bc")`` give the same seed.

    Returns
    -------
    int
        Between 0 and 2**32 - 1; the same on every machine.

    Examples
    --------
    >>> derive_seed(0, "augment") == derive_seed(0, "augment")
    True
    >>> derive_seed(0, "augment") == derive_seed(0, "head")
    False
    """
    entropy = [seed]
    for word in words:
        entropy.extend(word.encode() if isinstance(word, str) else [word])
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def generator_from(seed: int | torch.Generator | None) -> torch.Generator:
    """Return a CPU generator: the one given, one seeded with a number, or a randomly seeded one.

    Examples
    --------
    >>> a, b = generator_from(3), generator_from(3)
    >>> bool(torch.rand(1, generator=a) == torch.rand(1, generator=b))
    True
    """
    if isinstance(seed, torch.Generator):
        return seed
    rng = torch.Generator()
    if seed is None:
        rng.seed()
    else:
        rng.manual_seed(seed)
    return rng


def seed_from(rng: torch.Generator) -> None:
    """Seed torch's global generator by a draw: what a user's Dataset draws itself follows `rng`.

    For the inside of `same_random_state`.

    Examples
    --------
    >>> with same_random_state():
    ...     seed_from(generator_from(3))
    ...     first = torch.rand(1)
    ...     seed_from(generator_from(3))
    ...     bool(first == torch.rand(1))
    True
    """
    torch.default_generator.manual_seed(
        int(torch.empty((), dtype=torch.int64).random_(generator=rng))
    )


def random_state_from(
    random_state: int | np.random.RandomState | None,
) -> int | np.random.RandomState:
    """Return `random_state`; for None a randomly seeded one, not NumPy's global one.

    Examples
    --------
    >>> random_state_from(3), type(random_state_from(None)).__name__
    (3, 'RandomState')
    """
    return np.random.RandomState() if random_state is None else random_state
