"""The command line ``imbtorch``: parses it and calls a module of ``imbtorch.commands``."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.printable import printable

COMMANDS = ("inspect", "compare", "train", "evaluate", "reproduce", "tune", "resample", "embed")


def make_parser() -> Any:
    """Return the parser; a sub-command's help is the first line of its ``run`` docstring."""
    with extra("cli", "the command line"):
        from jsonargparse import ArgumentParser

    class Parser(ArgumentParser):
        """Reports an error on one line, whatever was typed or a file pattern matched."""

        def error(self, message: str, ex: Exception | None = None) -> Any:
            super().error(printable(" ".join(message.split())), ex)

    parser = Parser(
        prog="imbtorch",
        description="Learn from class-imbalanced data: inspect it, compare recipes, train, "
        "evaluate, reproduce the papers' tables, tune, embed and over-sample embeddings.",
        version=version("imbalanced-torch"),
    )
    subs = parser.add_subcommands()
    for name in COMMANDS:
        module = import_module(f"imbtorch.commands.{name}")
        sub = Parser(description=module.run.__doc__)
        module.add_options(sub)
        subs.add_subcommand(name, sub, help=module.run.__doc__.splitlines()[0])
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 2 for unusable input."""
    warnings.showwarning = _warn
    try:
        given = sys.argv[1:] if arguments is None else arguments
        parsed = make_parser().parse_args([_underscored(argument) for argument in given])
        module = import_module(f"imbtorch.commands.{parsed.subcommand}")
        module.run(**vars(parsed[parsed.subcommand]))
    except InputError as error:
        print(f"imbtorch: error: {printable(error)}", file=sys.stderr)
        return 2
    except OSError as error:  # no space, no permission: what was stored before is unchanged
        print(f"imbtorch: error: {printable(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("imbtorch: interrupted; run the same command again to resume", file=sys.stderr)
        return 130
    return 0


def _underscored(argument: str) -> str:
    """Accept ``--batch-size`` for the option that jsonargparse calls ``--batch_size``."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return "--" + name.replace("-", "_") + equals + value


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"\nimbtorch: warning: {printable(message)}", file=sys.stderr)
