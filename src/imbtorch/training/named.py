"""What functions and classes of a program's own take from their modules: names and values."""

import dis
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cached_property, partialmethod
from types import CodeType, FunctionType, ModuleType

LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib")})
"""Folders whose code is not a program's own."""


def named(thing: object) -> Iterator[tuple[str, object]]:
    """Yield the globals that a function, or the functions of a class, read, with their names.

    Of a module that they name, what they take from it; and defaults of arguments and attributes of
    the class, which may have been globals. Not what they assign themselves, such as a counter, and
    nothing of libraries.

    Examples
    --------
    >>> SCALE = 2.0
    >>> def loss(z, margin=SCALE / 4):
    ...     return (margin - z).relu() * SCALE
    >>> list(named(loss))
    [('SCALE', 2.0), ('loss', (0.5,))]
    """
    for function in _functions(thing):
        if function.__code__.co_filename.startswith(LIBRARIES):
            continue
        known, names = function.__globals__, _names(function.__code__)
        for name in names:
            value = known.get(name)
            if not isinstance(value, ModuleType):
                yield from [(name, value)] if name in known else ()
            elif not _is_library(value):
                yield from ((n, vars(value)[n]) for n in names if n in vars(value))
        yield from [(function.__qualname__, d) for d in _defaults(function) if d]
    if isinstance(thing, type):
        own = [(n, v) for n, v in vars(thing).items() if not (n.startswith("__") or callable(v))]
        yield from own


def _functions(thing: object) -> Iterator[FunctionType]:
    """Yield a function and what it wraps, or those of a class and of classes within it."""
    inner: Iterable[object] = ()
    if isinstance(thing, FunctionType):
        yield thing
        inner = (getattr(thing, "__wrapped__", None),)
    elif isinstance(thing, type):
        within = f"{thing.__qualname__}."
        inner = (
            value
            for value in vars(thing).values()
            if not isinstance(value, type) or value.__qualname__.startswith(within)
        )
    elif isinstance(thing, property):
        inner = (thing.fget,)
    elif isinstance(thing, (classmethod, staticmethod)):
        inner = (thing.__func__,)
    elif isinstance(thing, (cached_property, partialmethod)):
        inner = (thing.func,)
    for one in inner:
        yield from _functions(one)


def _names(code: CodeType) -> list[str]:
    """Return the names that code, and lambdas within it, read and do not assign, in order."""
    names, assigned, codes = dict[str, None](), set[str](), [code]
    for one in codes:  # grows
        names |= dict.fromkeys(one.co_names)
        steps = dis.get_instructions(one)
        assigned |= {step.argval for step in steps if step.opname == "STORE_GLOBAL"}
        codes += [constant for constant in one.co_consts if isinstance(constant, CodeType)]
    return [name for name in names if name not in assigned]


def _defaults(function: FunctionType) -> Iterable[object]:
    return function.__defaults__, tuple((function.__kwdefaults__ or {}).items())


def _is_library(module: ModuleType) -> bool:
    place = getattr(module, "__file__", None)
    return place is None or place.startswith(LIBRARIES)
