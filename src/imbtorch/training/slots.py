"""Slots of a phase: each holds a method's class, and the object is created when the run starts."""

import inspect
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from itertools import chain
from pathlib import PurePath
from types import FunctionType
from typing import Any, TypeAlias, Union

import numpy as np
import torch
from torch import Tensor, nn

from imbtorch.errors import InputError, unknown_name
from imbtorch.places import preset
from imbtorch.training.checksum import checksum

Json: TypeAlias = Union[bool, int, float, str, list["Json"], dict[str, "Json"], None]  # noqa: UP007
"""A value that JSON can represent."""
Known = Mapping[str, Callable[[], object]]
"""What the run can supply: argument name -> function without arguments, called only on demand."""
_PLAIN = (bool, int, float, str, tuple, list, np.generic)
"""Types of an object's parameters that `describe` records."""
_BY_REPR = (bytes, complex, range, set, frozenset, np.dtype, PurePath, torch.dtype, torch.device)
"""Types of values that their representation tells from others."""

OF_ANY_MODULE = frozenset(vars(nn.Module()))
"""Names of what every module holds."""


def build(slot: object, known: Known) -> Any:
    """Create the object of a slot, with the arguments that its signature requests by name.

    Parameters
    ----------
    slot : object
        A class, a function or a ``functools.partial`` of one is called with the `known` arguments
        that its signature names and the partial does not set; anything else (None, an instance)
        is returned unchanged.
    known : mapping of str to callable
        What the run can supply.

    Returns
    -------
    object

    Raises
    ------
    InputError
        If the class requires an argument that the run does not know, or the partial sets an
        argument that the class does not have.

    Examples
    --------
    >>> known = {"class_counts": lambda: [9, 1], "pretrained": lambda: 1 / 0}
    >>> def method(class_counts, beta=0.9):
    ...     return class_counts, beta
    >>> build(partial(method, beta=0.5), known)
    ([9, 1], 0.5)
    """
    if not isinstance(slot, (type, partial, FunctionType)):
        return slot
    parameters, given = _parameters(slot), preset(slot)
    for name, parameter in parameters.items():
        named = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if named and parameter.default is parameter.empty and name not in {*known, *given}:
            raise InputError(
                f"{name_of(slot)} requires {name}, which the run does not know; it knows "
                f"{', '.join(known)}: set other arguments with functools.partial"
            )
    wanted = [name for name in parameters if name in known and name not in given]
    return slot(**{name: known[name]() for name in wanted})


def name_of(slot: object) -> str:
    """Return the name of the class or function in a slot, or of the class of its object."""
    target = slot.func if isinstance(slot, partial) else slot
    return str(getattr(target, "__name__", type(target).__name__))


def asks_for(slot: object, name: str) -> bool:
    """Whether a slot is given an argument of that name when it is built, if the run knows it."""
    if not isinstance(slot, (type, partial, FunctionType)):
        return False
    return name in _parameters(slot) and name not in preset(slot)


def has_argument(slot: object, name: str) -> bool:
    """Whether a slot can be given an argument by name, or its partial or object sets its own."""
    if not isinstance(slot, (type, partial, FunctionType)):
        return bool(getattr(slot, name, None))
    return asks_for(slot, name) or name in preset(slot)


def _parameters(slot: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a slot; a partial that sets an unknown one is an error."""
    if isinstance(slot, partial):
        known = inspect.signature(slot.func).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
            for name in slot.keywords:
                if name not in known:
                    raise unknown_name(f"an argument of {name_of(slot)}", name, known)
        preset(slot)  # checks the others
    return inspect.signature(slot).parameters


def describe(slot: object) -> Json:
    """Return a slot as JSON-ready values: its name, and every parameter with its value.

    An object that was made already also has a checksum, under "holds", of what its parameters do
    not tell: the Tensors, arrays and numbers in it and in its modules, such as class weights.

    Examples
    --------
    >>> def method(class_counts, beta=0.9):
    ...     return class_counts, beta
    >>> describe(partial(method, beta=0.5))
    {'name': 'method', 'beta': 0.5}
    """
    if slot is None or isinstance(slot, (bool, int, float, str)):
        return slot
    if isinstance(slot, np.generic):
        return describe(slot.item())
    if isinstance(slot, _BY_REPR):
        return repr(sorted(slot, key=repr) if isinstance(slot, (set, frozenset)) else slot)
    if isinstance(slot, (tuple, list)):
        return [describe(value) for value in slot]
    if isinstance(slot, Mapping):
        return {str(name): describe(value) for name, value in slot.items()}
    if isinstance(slot, (Tensor, np.ndarray)):
        return describe(slot.tolist())
    if is_dataclass(slot) and not isinstance(slot, type):
        values = {f.name: getattr(slot, f.name) for f in fields(slot)}
        return {name: describe(value) for name, value in _told(type(slot), values).items()}
    if isinstance(slot, (type, partial, FunctionType)):
        _parameters(slot)  # checks them
        method = slot.func if isinstance(slot, partial) else slot
        defaults = {n: p.default for n, p in inspect.signature(method).parameters.items()}
        values = {**defaults, **preset(slot)}
        required = inspect.Parameter.empty
        values = _told(method, {n: v for n, v in values.items() if v is not required})
        # arguments that the run supplies are recorded elsewhere in the result
        return {"name": name_of(slot), **_described(values)}
    if hasattr(slot, "get_params"):
        return {"name": type(slot).__name__, **_described(slot.get_params(deep=False))}
    try:
        names: Collection[str] = _parameters(type(slot)).keys()
    except ValueError:  # written in C
        names = ()
    known = {n: getattr(slot, n) for n in names if isinstance(getattr(slot, n, None), _PLAIN)}
    known = _told(type(slot), known)
    if holds := _checksum(slot, names):
        known["holds"] = holds
    shown = repr(slot) if isinstance(slot, nn.Module) else type(slot).__name__
    return {"name": shown, **_described(known)} if known else shown


def _checksum(slot: object, names: Collection[str]) -> str:
    """Return a checksum of what an object holds beside the parameters of these names.

    Empty if it holds nothing: no Tensors or numbers, in its attributes or its modules.
    """
    own = {n: v for n, v in getattr(slot, "__dict__", {}).items() if n not in OF_ANY_MODULE}
    plain = {n: describe(v) for n, v in own.items() if n not in names and isinstance(v, _PLAIN)}
    held: dict[str, Tensor] = dict(_numbers(own))
    for name, value in own.items():
        if isinstance(value, nn.Module):
            held |= {f"{name}.{inner}": tensor for inner, tensor in value.state_dict().items()}
    if isinstance(slot, nn.Module):
        held |= dict(chain(slot.named_parameters(), slot.named_buffers()))
    on_cpu = {name: value.detach().cpu() for name, value in held.items()}
    text = json.dumps(plain, sort_keys=True) if plain else ""
    return checksum(text, on_cpu)[:16] if plain or held else ""


def _numbers(values: Mapping[str, object]) -> Iterator[tuple[str, Tensor]]:
    for name, value in values.items():
        numeric = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
        if numeric or isinstance(value, Tensor):
            yield name, torch.as_tensor(value)


def _described(values: Mapping[str, object]) -> dict[str, Json]:
    return {name: describe(value) for name, value in values.items() if value is not None}


def _told(method: Callable[..., object], values: Mapping[str, object]) -> dict[str, object]:
    """Return the values without those of `recorded_if_set` that are at their default."""
    quiet = getattr(method, "recorded_if_set", ())
    if not quiet:
        return dict(values)
    parameters = inspect.signature(method).parameters
    return {n: v for n, v in values.items() if n not in quiet or v != parameters[n].default}
