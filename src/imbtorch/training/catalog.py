"""The catalog: every method by name. Each is declared once, in the room it lives in."""

from imbtorch import losses, resampling, samplers, transforms
from imbtorch.errors import unknown_name
from imbtorch.method import Method
from imbtorch.training import phases

CATALOG: dict[str, Method] = {
    method.name: method
    for room in (phases, samplers, losses, transforms, resampling)
    for method in room.METHODS
}
"""Name -> row."""
PLACES = {"data": "data", "head": "embeddings"}
"""Word before an over-sampler's name -> the place where it is to act."""
RECIPES = (
    *CATALOG,
    *(f"head:{n}" for n, m in CATALOG.items() if m.kind == "over-sampler" and m.place == "data"),
)
"""Names that `make_recipe` takes; a loss, a method and a head may be joined by ``+``."""


def method_named(name: str) -> Method:
    """Return the row of a method; an `InputError` suggests the nearest name."""
    if name not in CATALOG:
        raise unknown_name("recipe", name, RECIPES)
    return CATALOG[name]
