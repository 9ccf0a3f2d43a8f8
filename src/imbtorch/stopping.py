"""SIGTERM, which schedulers send, stops a command as Ctrl-C does: what is trained is saved."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Terminated(KeyboardInterrupt):
    """The process has been sent SIGTERM."""


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` where SIGTERM meets the block.

    Examples
    --------
    >>> try:
    ...     with terminable():
    ...         signal.raise_signal(signal.SIGTERM)
    ... except KeyboardInterrupt as interrupt:
    ...     print(type(interrupt).__name__)
    Terminated
    """

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not disturb the saving
        raise Terminated

    with _handled(stop):
        yield


@contextmanager
def passed_on() -> Iterator[list[bool]]:
    """Pass SIGTERM on to the child processes; the list that is yielded is then no longer empty."""
    stopped: list[bool] = []

    def pass_on(*_: object) -> None:
        if not stopped:
            stopped.append(True)
            for child in multiprocessing.active_children():
                child.terminate()

    with _handled(pass_on):
        yield stopped


@contextmanager
def _handled(handler: Callable[..., Any]) -> Iterator[None]:
    try:
        before = signal.signal(signal.SIGTERM, handler)
    except ValueError:  # only the main thread handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
