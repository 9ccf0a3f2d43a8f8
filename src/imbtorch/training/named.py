"""What a program's own code names in its modules: functions, classes, constants."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import PurePath
from types import FunctionType, MethodType, ModuleType
from typing import NamedTuple

LIBRARIES = frozenset(("site-packages", "dist-packages"))
"""Folders in which modules are no program's own."""


class Read(NamedTuple):
    """What a source reads, as far as its names are not its own variables.

    Attributes
    ----------
    paths : tuple of tuple of str
        Names with what is taken from them: ``a.b.c`` is ("a", "b", "c").
    imports : tuple of (str, str)
        Modules and the names imported from them.
    changed : frozenset of str
        Names of the module that it assigns.
    """

    paths: tuple[tuple[str, ...], ...]
    imports: tuple[tuple[str, str], ...]
    changed: frozenset[str]


@lru_cache(maxsize=1000)
def read_by(source: str) -> Read | None:
    """Return what the source of a function or class reads; None if it is a part of a line.

    Examples
    --------
    >>> read_by("def loss(z, margin=MARGIN):\\n    global N\\n    N += 1\\n    return own.relu(z)")
    Read(paths=(('MARGIN',), ('own', 'relu')), imports=(), changed=frozenset({'N'}))
    """
    try:
        nodes = [*ast.walk(ast.parse(textwrap.dedent(source)))]
    except SyntaxError:
        return None
    paths, imports, changed, bound = [], [], set[str](), set[str]()
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            changed |= {*node.names}
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imports += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in inner:
            paths.append(_path(node))
    kept = (path for path in dict.fromkeys(paths) if path and path[0] not in bound | changed)
    return Read(tuple(kept), tuple(imports), frozenset(changed))


def _path(node: ast.expr) -> tuple[str, ...]:
    """Return a name and what is taken from it, or nothing if it is taken from something else."""
    if isinstance(node, ast.Attribute):
        return (*path, node.attr) if (path := _path(node.value)) else ()
    return (node.id,) if isinstance(node, ast.Name) else ()


def named(thing: object, source: str) -> Iterator[tuple[str, object]]:
    """Yield what a function or class of a program's own names: where it stands, and what it is.

    Parameters
    ----------
    thing : class or function
        Its module says what the names are.
    source : str
        Its source; if that cannot be read alone, its bytecode says the names.
    """
    known, read = _globals(thing), read_by(source)
    here = known.get("__name__")
    for function in _functions(thing):
        with suppress(ValueError):  # a variable has no value yet
            found = inspect.getclosurevars(function)
            if function is thing:
                yield from ((f"{thing.__qualname__}.{n}", v) for n, v in found.nonlocals.items())
            if not (source and read):
                yield from ((f"{here}.{n}", v) for n, v in found.globals.items())
    if not (source and read):
        return
    for path in read.paths:
        value, where = known.get(path[0], known), here
        for name in path[1:]:
            if isinstance(value, ModuleType) and not is_library(value):
                value, where = vars(value).get(name, known), value.__name__
        if value is not known:
            yield f"{where}.{path[-1]}", value
    for module, name in read.imports:
        yield f"{module}.{name}", getattr(sys.modules.get(module), name, None)


def _functions(thing: object) -> list[FunctionType]:
    parts = [thing, *(vars(thing).values() if isinstance(thing, type) else ())]
    return [part for part in parts if isinstance(part, FunctionType)]


def _globals(thing: object) -> Mapping[str, object]:
    module = sys.modules.get(str(getattr(thing, "__module__", "")))
    if isinstance(thing, type) and module is not None:
        return vars(module)
    return next((one.__globals__ for one in _functions(thing)), {})


def is_library(thing: object) -> bool:
    """Whether a module, or that of a class or function, is no program's own."""
    name = getattr(thing, "__module__", None)
    module = thing if isinstance(thing, ModuleType) else sys.modules.get(str(name))
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return not LIBRARIES.isdisjoint(PurePath(place).parts)


def made_of(value: object) -> Iterator[object]:
    """Yield the functions and classes that a value is, wraps, or is an instance of.

    Examples
    --------
    >>> [one.__name__ for one in made_of(partial(read_by, "x"))]
    ['_lru_cache_wrapper', 'read_by', 'str']
    """
    if isinstance(value, partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from made_of(part)
    elif isinstance(value, MethodType):
        yield value.__func__
    elif isinstance(value, (type, FunctionType)):
        yield value
    elif not isinstance(value, ModuleType):
        yield type(value)
    if "__wrapped__" in getattr(value, "__dict__", {}):
        yield from made_of(vars(value)["__wrapped__"])
