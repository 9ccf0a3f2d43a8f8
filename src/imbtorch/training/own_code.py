"""Code of a program's own, whose results are not those of before once it has changed."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType

from torch import nn

from imbtorch.training.named import named
from imbtorch.training.phases.phase import Phase

INSTALLED = frozenset(
    ("imbtorch", "torch", "torchvision", "numpy", "scipy", "sklearn", "imblearn", "timm")
)
"""Packages whose code is that of their versions, which results record; also Python's own."""


def code_of(things: Iterable[object]) -> str:
    """Return a hash of the code of a program's own among objects, classes and functions.

    It covers the classes and functions themselves, the classes that they inherit from, what
    partials, collections, phases, modules and objects with parameters hold, and, of a program's
    own, what all these name: functions and classes, and constants of their modules, which are
    numbers, strings, or tuples of such. Empty if all are installed.

    Examples
    --------
    >>> from imbtorch.losses import FocalLoss
    >>> code_of([partial(FocalLoss, gamma=2.0), [nn.ReLU()]])
    ''
    """
    kinds = {_kind(part) for thing in things for part in _parts(thing)}
    found = {source for kind in kinds for source in sources(kind)}
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


def _kind(thing: object) -> object:
    return thing if inspect.isclass(thing) or inspect.isroutine(thing) else type(thing)


def is_installed(kind: object) -> bool:
    """Whether a class or function is of `INSTALLED` or of Python's own."""
    room = (getattr(kind, "__module__", None) or "builtins").partition(".")[0]
    return room in INSTALLED or room in sys.stdlib_module_names - {"__main__"}


def sources(kind: object, seen: set[int] | None = None) -> Iterator[str]:
    """Yield the code of a class, of those it inherits from, or of a function; not if installed.

    It is the source, or what it was compiled to if that was typed into an interpreter; then what
    it names, see `code_of`, but for `seen`.
    """
    seen = set() if seen is None else seen
    for one in inspect.getmro(kind) if inspect.isclass(kind) else (kind,):
        if is_installed(one) or id(one) in seen:
            continue
        seen.add(id(one))
        try:
            yield inspect.getsource(one)  # type: ignore[arg-type]
        except (OSError, TypeError):
            yield from _compiled(one)
        for name, value in named(one):
            if _is_constant(value):
                yield f"{name} = {value!r}"
            elif isinstance(value, (type, FunctionType)):
                yield from sources(value, seen)


def _is_constant(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return isinstance(value, (bool, int, float, complex, str, bytes, type(None)))


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
