"""Slots of a phase: a method is named by its class, and made when the run is known."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType
from typing import Any

from torch import nn

_PLAIN = (bool, int, float, str, tuple, list)
"""What an object's parameter may be to be told from another's."""


def build(slot: Any, known: Mapping[str, Callable[[], Any]]) -> Any:
    """Make what a slot holds, handing over what its signature asks for by name.

    Parameters
    ----------
    slot : object
        A class, a function or a ``functools.partial`` of one is called with those of the
        `known` arguments that it names and that the partial does not set; anything else
        (None, an instance) is returned as it is.
    known : mapping of str to callable
        What the run knows, each as a function without arguments, called only when asked for.

    Returns
    -------
    object

    Examples
    --------
    >>> known = {"class_counts": lambda: [9, 1], "generator": lambda: 1 / 0}
    >>> def method(class_counts, beta=0.9):
    ...     return class_counts, beta
    >>> build(partial(method, beta=0.5), known)
    ([9, 1], 0.5)
    """
    if not isinstance(slot, (type, partial, FunctionType)):
        return slot
    preset = slot.keywords if isinstance(slot, partial) else {}
    wanted = [n for n in inspect.signature(slot).parameters if n in known and n not in preset]
    return slot(**{name: known[name]() for name in wanted})


def describe(slot: Any) -> Any:
    """Return a slot as JSON-ready values: the name, and every parameter with its value.

    Examples
    --------
    >>> def method(class_counts, beta=0.9):
    ...     return class_counts, beta
    >>> describe(partial(method, beta=0.5))
    {'name': 'method', 'beta': 0.5}
    """
    if slot is None or isinstance(slot, (bool, int, float, str)):
        return slot
    if isinstance(slot, (tuple, list)):
        return [describe(value) for value in slot]
    if is_dataclass(slot) and not isinstance(slot, type):
        return {f.name: describe(getattr(slot, f.name)) for f in fields(slot)}
    if isinstance(slot, (type, partial, FunctionType)):
        target = slot.func if isinstance(slot, partial) else slot
        parameters = inspect.signature(slot).parameters.values()
        values = {p.name: p.default for p in parameters if p.default is not p.empty}
        # what the run itself supplies is recorded elsewhere in the result
        values = {k: v for k, v in values.items() if v is not None}
        return {"name": target.__name__} | {k: describe(v) for k, v in values.items()}
    if hasattr(slot, "get_params"):
        values = {k: v for k, v in slot.get_params(deep=False).items() if v is not None}
        return {"name": type(slot).__name__} | {k: describe(v) for k, v in values.items()}
    names = inspect.signature(type(slot)).parameters
    known = {n: getattr(slot, n) for n in names if isinstance(getattr(slot, n, None), _PLAIN)}
    shown = repr(slot) if isinstance(slot, nn.Module) else type(slot).__name__
    return {"name": shown} | {k: describe(v) for k, v in known.items()} if known else shown
