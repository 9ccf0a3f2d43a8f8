"""Docstrings as the site wants them: formulas as ``$$``, public names as links to their entries."""

import importlib
import re
from typing import Any

from griffe import Extension

BLOCK = re.compile(r"^( *)\.\. math::[ \n]+(.+?)(?=\n\s*\n|\n\1\S|\Z)", re.M | re.S)
ROLE = re.compile(r":math:`([^`]+)`")
SPACES = (
    *("data", "samplers", "resampling", "transforms", "losses", "models", "training", "metrics"),
    *("sklearn", "lightning"),
)
PUBLIC = {
    name: f"imbtorch.{space}.{name}"
    for space in SPACES
    for name in importlib.import_module(f"imbtorch.{space}").__all__
}
"""Public name -> where its entry is."""
EMPTY = re.compile(r"^( *)Returns\n\1-+\n\1[\w.]+ *(?:\n\s*\n|\s*\Z)", re.M)
"""A section that only says the type, which the signature shows already."""
NAME = re.compile(r"(?<![`\[])`(\w+)`(?![`\]])")


def converted(text: str, own: str) -> str:
    """Return a docstring with ``.. math::``, ``:math:`` and names in backticks made Markdown.

    A section of returns without a description is left out.
    """

    def linked(match: re.Match[str]) -> str:
        name = match[1]
        public = name in PUBLIC and name != own
        return f"[`{name}`][{PUBLIC[name]}]" if public else match[0]

    text = EMPTY.sub("", text)
    text = BLOCK.sub(lambda m: f"{m[1]}$$\n{m[1]}{' '.join(m[2].split())}\n{m[1]}$$", text)
    return NAME.sub(linked, ROLE.sub(r"$\1$", text))


class Numpydoc(Extension):
    """Converts every docstring of the package."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = converted(obj.docstring.value, obj.name)
