"""Docstrings as the site wants them: formulas as ``$$``, public names as links to their entries."""

import re
from typing import Any

from griffe import Extension

import imbtorch

BLOCK = re.compile(r"^( *)\.\. math::[ \n]+(.+?)(?=\n\s*\n|\n\1\S|\Z)", re.M | re.S)
ROLE = re.compile(r":math:`([^`]+)`")
NAME = re.compile(r"(?<![`\[])`(\w+)`(?![`\]])")


def converted(text: str, own: str) -> str:
    """Return a docstring with ``.. math::``, ``:math:`` and names in backticks made Markdown."""

    def linked(match: re.Match[str]) -> str:
        name = match[1]
        public = name in imbtorch.__all__ and name != own
        return f"[`{name}`][imbtorch.{name}]" if public else match[0]

    text = BLOCK.sub(lambda m: f"{m[1]}$$\n{m[1]}{' '.join(m[2].split())}\n{m[1]}$$", text)
    return NAME.sub(linked, ROLE.sub(r"$\1$", text))


class Numpydoc(Extension):
    """Converts every docstring of the package."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = converted(obj.docstring.value, obj.name)
