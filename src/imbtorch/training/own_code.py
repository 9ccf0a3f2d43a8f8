"""Code of a program's own, whose results are not those of before once it has changed."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from types import CodeType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from imbtorch.training.checksum import checksum
from imbtorch.training.named import is_library, made_of, named, read_by
from imbtorch.training.phases.phase import Phase

INSTALLED = frozenset(
    ("imbtorch", "torch", "torchvision", "numpy", "scipy", "sklearn", "imblearn", "timm")
)
"""Packages whose code is that of their versions, which results record; also Python's own."""


def code_of(things: Iterable[object]) -> str:
    """Return a hash of the code of a program's own among objects, classes and functions.

    It covers the classes and functions themselves, the classes that they inherit from, what
    partials, collections, phases, modules and objects with parameters hold, and, of a program's
    own, what all these name in their modules: functions, classes, and constants, which are numbers,
    strings and tuples of such, and, with a name in upper case, also lists, dicts and Tensors; not
    what their code assigns, such as a counter. Empty if all are installed.

    Examples
    --------
    >>> from imbtorch.losses import FocalLoss
    >>> code_of([partial(FocalLoss, gamma=2.0), [nn.ReLU()]])
    ''
    """
    kinds = {id(k): k for thing in things for part in _parts(thing) for k in made_of(part)}
    found = {source for kind in kinds.values() for source in sources(kind)}
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:16] if found else ""


def _parts(thing: object) -> Iterator[object]:
    """Yield a thing and, part by part, what it is put together from."""
    yield thing
    inner: Iterable[object] = ()
    if isinstance(thing, partial):
        inner = (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, Mapping):
        inner = thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        inner = thing
    elif isinstance(thing, nn.Module):
        inner = thing.children()
    elif isinstance(thing, Phase):
        inner = vars(thing).values()
    elif isinstance(thing, type):  # not made yet: it holds nothing
        pass
    elif is_dataclass(thing):
        inner = [getattr(thing, field.name) for field in fields(thing)]
    elif hasattr(thing, "get_params"):
        inner = thing.get_params(deep=False).values()
    for one in inner:
        yield from _parts(one)


def is_installed(kind: object) -> bool:
    """Whether a class or function is of `INSTALLED` or of Python's own."""
    room = (getattr(kind, "__module__", None) or "builtins").partition(".")[0]
    return room in INSTALLED or room in sys.stdlib_module_names - {"__main__"}


def sources(kind: object) -> Iterator[str]:
    """Yield the code of a class, of those it inherits from, or of a function; not if installed.

    It is the source, or what it was compiled to if that was typed into an interpreter; then what
    it names, see `code_of`.
    """
    constants: dict[str, object] = {}
    changed, seen, todo = set[str](), set[int](), _with_bases(kind)
    for one in todo:  # grows
        if is_installed(one) or id(one) in seen:
            continue
        seen.add(id(one))
        source = _source(one)
        yield from [source] if source else _compiled(one)
        changed |= getattr(read_by(source), "changed", frozenset())
        for place, value in named(one, source):
            if _is_constant(value, place.rpartition(".")[2].isupper()):
                constants[place] = value
            else:
                todo += [b for part in made_of(value) for b in _with_bases(part) if _is_own(b)]
    for place, value in constants.items():
        if place.rpartition(".")[2] not in changed:
            yield f"{place} = {_said(value)}"


def _with_bases(kind: object) -> list[object]:
    return [*inspect.getmro(kind)] if inspect.isclass(kind) else [kind]


def _is_own(kind: object) -> bool:
    return not (is_installed(kind) or is_library(kind))


@lru_cache(maxsize=1000)
def _source(one: object) -> str:
    """Return the source of a class or function, not of one that it wraps; nothing if typed in."""
    own: Any = getattr(one, "__code__", one)
    try:
        return inspect.getsource(own)
    except (OSError, TypeError):
        return ""


def _is_constant(value: object, upper: bool) -> bool:
    """Whether a value is a constant; one that can be changed is, if its name is in upper case."""
    if isinstance(value, dict):
        return upper and all(_is_constant(part, upper) for item in value.items() for part in item)
    if isinstance(value, (tuple, frozenset)) or (upper and isinstance(value, (list, set))):
        return all(_is_constant(part, upper) for part in value)
    plain = isinstance(value, (bool, int, float, complex, str, bytes, type(None), np.generic))
    return plain or (upper and (isinstance(value, Tensor) or is_numeric(value)))


def is_numeric(value: object) -> bool:
    """Whether a value is an array of real numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def _said(value: object) -> str:
    if isinstance(value, Tensor) or is_numeric(value):
        return checksum("", {"": torch.as_tensor(value).detach().cpu()})
    return repr(sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value)


def _compiled(thing: object) -> Iterator[str]:
    """Yield the bytecode of a function, of what a class defines, or of code within them."""
    if isinstance(thing, type):
        yield thing.__qualname__
        for name, value in vars(thing).items() if not is_installed(thing) else ():
            if name not in ("__firstlineno__", "__static_attributes__"):
                yield name
                yield from _compiled(value)
        return
    for attribute in ("fget", "__func__", "__wrapped__", "func"):  # of properties and wrappers
        if hasattr(thing, attribute):
            yield from _compiled(getattr(thing, attribute))
    code = thing if isinstance(thing, CodeType) else getattr(thing, "__code__", None)
    if isinstance(code, CodeType):
        yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars}"
        for constant in code.co_consts:
            yield from _compiled(constant)
    elif isinstance(thing, (set, frozenset)):
        yield repr(sorted(thing, key=repr))
    elif isinstance(thing, (bool, int, float, complex, str, bytes, tuple)):
        yield repr(thing)
