"""What objects, closures and methods hold that `describe` does not tell: runs of others differ."""

import hashlib
import json
import pickle
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import PurePath
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from imbtorch.training.checksum import checksum
from imbtorch.training.own_code import is_installed, is_numeric, sources
from imbtorch.training.phases.phase import Phase
from imbtorch.training.slots import OF_ANY_MODULE, describe

_PLAIN = (
    *(bool, int, float, complex, str, bytes, range, type(None), np.generic),
    *(np.dtype, PurePath, torch.dtype, torch.device),
)
"""Types of values that `describe` tells apart."""
_COUNTED = (bool, int, float, str, type(None), np.generic, Tensor)
"""Types of attributes that are in the checksum of their object, beside numeric arrays."""
Seen = dict[int, tuple[int, object]]
"""Identity of a thing -> its number, and the thing."""
_TOKEN = uuid.uuid4().hex
"""Stands for what cannot be looked into: it is another thing in each process."""


def state_of(things: Iterable[object]) -> str:
    """Return a hash of what things hold that neither `describe` nor `code_of` tells.

    It covers the variables that functions close over, the objects of bound methods, and attributes
    of objects that are no numbers: mappings, generators and other objects, with all that these
    hold. Empty if there is nothing of the kind. What cannot be looked into, nor be pickled, gives
    another hash in each process.

    Examples
    --------
    >>> def scaled(by):
    ...     return lambda x: by * x
    >>> [state_of([scaled(2)]) == state_of([scaled(by)]) for by in (2, 3)]
    [True, False]
    >>> state_of([torch.nn.ReLU(), partial(max, 1)])
    ''
    """
    seen: Seen = {}
    text = "\n".join(line for thing in things for line in _told(thing, seen))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _told(thing: Any, seen: Seen) -> Iterator[str]:
    """Yield what `describe` leaves out of a thing that it describes."""
    if isinstance(thing, (*_PLAIN, Tensor, np.ndarray, type)):
        return
    parts: Iterable[object] = ()
    if isinstance(thing, partial):
        parts = (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, Mapping):
        parts = thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        parts = thing
    elif isinstance(thing, Phase):
        parts = vars(thing).values()
    elif is_dataclass(thing):
        parts = [getattr(thing, field.name) for field in fields(thing)]
    elif hasattr(thing, "get_params"):
        parts = thing.get_params(deep=False).values()
    elif isinstance(thing, FunctionType):
        yield from _closed_over(thing, seen)
    elif isinstance(thing, BuiltinMethodType) and isinstance(thing.__self__, ModuleType):
        pass
    elif hasattr(thing, "__dict__") and not isinstance(thing, MethodType):
        yield from _beside_numbers(thing, seen)
    else:
        yield from _held(thing, seen)
    for part in parts:
        yield from _told(part, seen)


def _beside_numbers(thing: Any, seen: Seen) -> Iterator[str]:
    """Yield the attributes of an object, and of modules in it, that are not in its checksum."""
    for name, value in vars(thing).items():
        if isinstance(thing, nn.Module) and name in OF_ANY_MODULE:
            continue
        if isinstance(value, nn.Module):
            yield from _modules([value], seen)
        elif isinstance(value, (list, tuple)):
            yield from _told(value, seen)
        elif not isinstance(value, _COUNTED) and not is_numeric(value):
            yield name
            yield from _held(value, seen)
    if isinstance(thing, nn.Module):
        yield from _modules(thing.children(), seen)


def _modules(modules: Iterable[nn.Module], seen: Seen) -> Iterator[str]:
    """Yield what modules hold beside Tensors; torch's own say it in their representation."""
    for module in modules:
        if type(module).__module__.partition(".")[0] != "torch":
            own = {n: v for n, v in vars(module).items() if n not in OF_ANY_MODULE}
            yield from _held(own, seen)
        yield from _modules(module.children(), seen)


def _closed_over(function: FunctionType, seen: Seen) -> Iterator[str]:
    if is_installed(function) and "<locals>" not in function.__qualname__:
        return
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name
        try:
            yield from _held(cell.cell_contents, seen)
        except ValueError:  # nothing is in it
            continue


def _held(thing: Any, seen: Seen) -> Iterator[str]:
    """Yield all that tells a thing from others."""
    if isinstance(thing, _PLAIN):
        yield json.dumps(describe(thing))
        return
    if id(thing) in seen:
        yield f"again {seen[id(thing)][0]}"
        return
    seen[id(thing)] = len(seen), thing  # which keeps it, so that no other thing gets its identity
    yield f"{type(thing).__module__}.{type(thing).__qualname__}"
    if isinstance(thing, torch.Generator):
        thing = thing.get_state()
    if is_numeric(thing):
        thing = torch.as_tensor(thing)
    if isinstance(thing, Tensor):
        yield checksum("", {"": thing.detach().cpu()})
    elif isinstance(thing, ModuleType):
        yield thing.__name__
    elif isinstance(thing, (type, FunctionType)):
        yield from (f"{thing.__module__}.{thing.__qualname__}", *sources(thing))
        if isinstance(thing, FunctionType):
            yield from _held([thing.__defaults__, thing.__kwdefaults__], seen)
            yield from _closed_over(thing, seen)
    elif isinstance(thing, MethodType):
        yield from _held([thing.__func__, thing.__self__], seen)
    elif isinstance(thing, BuiltinMethodType):
        yield thing.__qualname__
        yield from _held(thing.__self__, seen)
    elif isinstance(thing, partial):
        yield from _held([thing.func, *thing.args, thing.keywords], seen)
    elif isinstance(thing, Mapping):
        yield from _held([part for item in thing.items() for part in item], seen)
    elif isinstance(thing, (list, tuple)):
        yield str(len(thing))
        for part in thing:
            yield from _held(part, seen)
    elif isinstance(thing, (set, frozenset)):
        yield from sorted(" ".join(_held(part, {})) for part in thing)
    elif hasattr(thing, "__dict__") or _slots(thing):
        yield from sources(type(thing))
        yield from _held({**_slots(thing), **getattr(thing, "__dict__", {})}, seen)
    else:
        try:
            yield pickle.dumps(thing, protocol=4).hex()
        except Exception:  # what pickling runs may raise anything
            yield _TOKEN


def _slots(thing: object) -> Mapping[str, object]:
    state = object.__getstate__(thing)  # with slots, a pair
    return state[1] if isinstance(state, tuple) else {}
