"""Code of a program's own, whose results are not those of before once it has changed."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import partial

from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import Json

INSTALLED = frozenset(
    ("imbtorch", "torch", "torchvision", "numpy", "scipy", "sklearn", "imblearn", "timm")
)
"""Packages whose code is that of their versions, which results record; also Python's own."""


@dataclass(frozen=True)
class OwnRecipe(Recipe):
    """A recipe with methods of a program's own: its description holds a hash of their code."""

    code: str = ""

    def describe(self) -> dict[str, Json]:
        """Return the recipe with all its parameters as JSON-ready values."""
        return {**super().describe(), "code": self.code}


def with_code(recipe: str | Recipe) -> str | Recipe:
    """Return a recipe that is another one if the code of its methods changes.

    Examples
    --------
    >>> from imbtorch import Train
    >>> with_code(Recipe("plain", [Train(2)])).describe().get("code")
    """
    if isinstance(recipe, str):
        return recipe
    parts = [part for phase in recipe.phases for part in (phase, *vars(phase).values())]
    code = code_of([*parts, recipe.head])
    given = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    return OwnRecipe(**given, code=code) if code else recipe


def code_of(things: Iterable[object]) -> str:
    """Return a hash of the code of a program's own among objects, classes and functions.

    It covers the classes and functions themselves and the classes that they inherit from, not what
    they call. Empty if all are installed, or the code is not to be had.
    """
    found = {source for thing in things for source in _sources(thing)}
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:16] if found else ""


def _sources(thing: object) -> Iterator[str]:
    while isinstance(thing, partial):
        thing = thing.func
    is_code = inspect.isclass(thing) or inspect.isroutine(thing)
    kind = thing if is_code else type(thing)
    for one in inspect.getmro(kind) if inspect.isclass(kind) else (kind,):
        room = (getattr(one, "__module__", None) or "builtins").partition(".")[0]
        if room in INSTALLED or room in sys.stdlib_module_names - {"__main__"}:
            continue
        try:
            yield inspect.getsource(one)  # type: ignore[arg-type]
        except (OSError, TypeError):  # typed into an interpreter
            continue
