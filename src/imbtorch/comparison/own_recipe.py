"""Recipes with methods of a program's own: another recipe once their code has changed."""

from dataclasses import dataclass, fields

from imbtorch.training.held import state_of
from imbtorch.training.own_code import code_of
from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import Json


@dataclass(frozen=True)
class OwnRecipe(Recipe):
    """A recipe with methods of a program's own: its description has a hash of code and state."""

    code: str = ""

    def describe(self) -> dict[str, Json]:
        """Return the recipe with all its parameters as JSON-ready values."""
        return {**super().describe(), "code": self.code}


def with_code(recipe: str | Recipe) -> str | Recipe:
    """Return a recipe that is another one if the code of its methods, or what they hold, changes.

    Examples
    --------
    >>> from imbtorch import Recipe, Train
    >>> with_code(Recipe("plain", [Train(2)])).describe().get("code")
    """
    if isinstance(recipe, str):
        return recipe
    parts = [*recipe.phases, recipe.head]
    code = code_of(parts) + state_of(parts)
    given = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    return OwnRecipe(**given, code=code) if code else recipe
