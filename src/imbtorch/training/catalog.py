"""The catalog: all methods by name, collected from the rooms that declare them."""

from imbtorch import losses, resampling, samplers, transforms
from imbtorch.errors import unknown_name
from imbtorch.method import Method
from imbtorch.training import ingredients, phases, sam

CATALOG: dict[str, Method] = {
    method.name: method
    for room in (phases, samplers, losses, transforms, resampling, ingredients, sam)
    for method in room.METHODS
}
"""Name -> row."""
PLACES = {"data": "data", "head": "embeddings"}
"""Prefix of an over-sampler's name -> the place where it acts."""
RECIPES = (
    *CATALOG,
    *(f"head:{n}" for n, m in CATALOG.items() if m.kind == "over-sampler" and m.place == "data"),
)
"""Names that `make_recipe` accepts; one of each role can be joined with ``+``."""


def method_named(name: str) -> Method:
    """Return a method's row; for an unknown name, the `InputError` suggests the nearest one."""
    if name not in CATALOG:
        raise unknown_name("recipe", name, RECIPES)
    return CATALOG[name]
