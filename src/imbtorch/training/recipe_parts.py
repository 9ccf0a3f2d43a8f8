"""The parts of a recipe's name: methods with options, each in a role of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from imbtorch.errors import InputError
from imbtorch.method import Method, parse, written
from imbtorch.training.catalog import CATALOG, PLACES, method_named

ROLES = {
    "loss": "a loss",
    "method": "a method",
    "branch": "a contrastive branch",
    "augment": "an augmentation",
    "schedule": "a schedule",
    "step": "an optimizer",
    "average": "an average",
    "head": "a head",
}
"""Role of a part -> what it is, in the order in which a recipe's full name lists them."""
ROLE_OF_KIND = {
    "loss": "loss",
    "contrastive": "branch",
    "augmentation": "augment",
    "schedule": "schedule",
    "optimizer": "step",
    "average": "average",
    "head": "head",
}
"""Kind of a method -> its role; those of all other kinds are a recipe's method."""


@dataclass(frozen=True)
class Part:
    """One part of a recipe's name: a method, its options and its role."""

    method: Method
    options: Mapping[str, object]
    role: str
    name: str
    preset: str = ""
    """The preset that stands for it in the recipe's name."""

    @classmethod
    def read(cls, text: str) -> "Part":
        """Read ``NAME:OPTION=VALUE``, optionally prefixed with ``head:`` or ``data:``."""
        word, colon, rest = text.partition(":")
        place = PLACES.get(word) if colon else None
        name, options = parse(rest if place else text)
        method = method_named(name)
        if method.kind != "over-sampler":
            if place:
                raise InputError(
                    f"{text!r} begins with {word}:, which must precede an over-sampler, as in "
                    "head:smote"
                )
            role = ROLE_OF_KIND.get(method.kind, "method")
            return cls(method, options, role, written(name, options))
        prefix = f"{word}:" if place and place != method.place else ""
        role = "head" if (place or method.place) == "embeddings" else "method"
        return cls(method, options, role, prefix + written(name, options))

    @classmethod
    def read_all(cls, text: str) -> "list[Part]":
        """Read one part, or those that a preset stands for."""
        part = cls.read(text)
        if part.method.kind != "preset":
            return [part]
        if part.options:
            raise InputError(
                f"{text!r} has options, and {part.method.name} takes none: write what it stands "
                f"for, {part.method.recipe}, with options there"
            )
        return [replace(cls.read(t), preset=part.name) for t in part.method.recipe.split("+")]


def split_name(name: str) -> dict[str, Part]:
    """Split a recipe's name into its parts; return role -> part, in the order of `ROLES`.

    Raises
    ------
    InputError
        If a part is unknown, or two parts have the same role.
    """
    if not isinstance(name, str):
        raise InputError(f"recipe is a {type(name).__name__}; a name or a Recipe is needed")
    parts: dict[str, Part] = {}
    for text in name.split("+"):
        for part in Part.read_all(text.strip()):
            if part.role in parts:
                both = " and ".join(map(_in_words, (parts[part.role], part)))
                what = ROLES[part.role]
                raise InputError(f"recipe is {name!r}; {both} are both {what}: keep one of them")
            parts[part.role] = part
    return {role: parts[role] for role in ROLES if role in parts}


def _in_words(part: Part) -> str:
    return part.method.name + (f" (of {part.preset})" if part.preset else "")


def joined(parts: Iterable[Part]) -> str:
    """Return the name of the recipe with these parts; a preset stands for its own."""
    return "+".join(dict.fromkeys(part.preset or part.name for part in parts))


def explained(name: str) -> str:
    """Return a recipe's name with what its presets stand for.

    Examples
    --------
    >>> explained("strong-fast+eos")
    'strong-fast+eos (strong-fast is balanced-softmax+autoaugment+cosine+ema)'
    >>> explained("drs")
    'drs'
    """
    rows = [CATALOG[word] for word in name.split("+") if word in CATALOG]
    presets = [f"{row.name} is {row.recipe}" for row in rows if row.kind == "preset"]
    return f"{name} ({', '.join(presets)})" if presets else name
