"""How the help of the command line is written: examples first, short words for each option."""

from argparse import HelpFormatter
from collections.abc import Sequence
from inspect import cleandoc
from textwrap import fill
from types import ModuleType
from typing import Any

from imbtorch.extras import extra

with extra("cli", "the command line"):
    from jsonargparse import DefaultHelpFormatter


class Help(DefaultHelpFormatter):
    """The help of an option is its text alone, and its name has dashes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_help_position": 22, **kwargs})  # type: ignore[no-untyped-call]

    def _get_help_string(self, action: Any) -> str:
        return action.help or ""

    def _format_action_invocation(self, action: Any) -> str:
        shown = HelpFormatter._format_action_invocation(self, action)
        if not action.option_strings:
            return shown
        for name in action.option_strings:
            shown = shown.replace(name, name[:2] + name[2:].replace("_", "-"))
        return shown

    def _get_default_metavar_for_optional(self, action: Any) -> str:
        return str(action.dest).rpartition("_")[2].upper()

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wrap paragraphs; those that are indented are examples, and stay as they are."""
        return "\n\n".join(
            part if part.startswith(" ") else fill(" ".join(part.split()), width)
            for part in text.split("\n\n")
        )


def described(module: ModuleType) -> str:
    """Return what the help of a command begins with: its examples, then what it does."""
    examples: Sequence[str] = module.EXAMPLES
    shown = "\n".join(f"  {example}" for example in examples)
    return f"{shown}\n\n{cleandoc(module.run.__doc__ or '').replace('``', '')}"


def usage(name: str, parser: Any) -> str:
    """Return how a command is called: its name, what it needs, and that it has options."""
    needed = [action.metavar or action.dest.upper() for action in parser._get_positional_actions()]
    return " ".join(["imbtorch", name, *needed, "[options]"])
