"""Code of a program's own, whose results are not those of before once it has changed."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial

from torch import nn

from imbtorch.training.phases.phase import Phase

INSTALLED = frozenset(
    ("imbtorch", "torch", "torchvision", "numpy", "scipy", "sklearn", "imblearn", "timm")
)
"""Packages whose code is that of their versions, which results record; also Python's own."""


def code_of(things: Iterable[object]) -> str:
    """Return a hash of the code of a program's own among objects, classes and functions.

    It covers the classes and functions themselves, the classes that they inherit from, and what
    partials, collections, phases, modules and objects with parameters hold, but not what they call.
    Empty if all are installed, or the code is not to be had.

    Examples
    --------
    >>> from imbtorch.losses import FocalLoss
    >>> code_of([partial(FocalLoss, gamma=2.0), [nn.ReLU()]])
    ''
    """
    kinds = {_kind(part) for thing in things for part in _parts(thing)}
    found = {source for kind in kinds for source in _sources(kind)}
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


def _sources(kind: object) -> Iterator[str]:
    for one in inspect.getmro(kind) if inspect.isclass(kind) else (kind,):
        room = (getattr(one, "__module__", None) or "builtins").partition(".")[0]
        if room in INSTALLED or room in sys.stdlib_module_names - {"__main__"}:
            continue
        try:
            yield inspect.getsource(one)  # type: ignore[arg-type]
        except (OSError, TypeError):  # typed into an interpreter
            continue
