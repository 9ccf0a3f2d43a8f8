"""The command line ``imbtorch``: parses it and calls a module of ``imbtorch.commands``."""

import os
import re
import sys
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any, NoReturn

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.printable import printable
from imbtorch.stopping import Terminated, terminable

COMMANDS = (
    *("inspect", "compare", "train", "tune", "evaluate", "decide", "predict", "export"),
    *("embed", "resample", "reproduce"),
)


_WRONG_KIND = (
    r'Parser key "(?P<key>\w+)":.*?<class \'(?P<kind>\w+)\'>'
    r".*(?:Given value|Got value): (?P<value>.*)"
)
"""What jsonargparse says of a value that is not of the option's type."""
_WANTED = {"int": "a whole number", "float": "a finite number", "bool": "true or false"}


def make_parser(only: str | None = None) -> Any:
    """Return the parser of one sub-command with its options, or of all without them.

    A sub-command's help begins with its module's ``EXAMPLES``; its summary is the first line of
    its ``run`` docstring.
    """
    with extra("cli", "the command line"):
        from jsonargparse import ArgumentParser

    from imbtorch.commands.help import Help, described, usage

    class Parser(ArgumentParser):
        """Reports an error on one line, whatever was typed or a file pattern matched."""

        def error(self, message: str, ex: Exception | None = None) -> NoReturn:
            wrong = re.search(_WRONG_KIND, message, re.DOTALL)
            if wrong and wrong["kind"] in _WANTED:
                message = f"{wrong['key']} is {wrong['value']}; {_WANTED[wrong['kind']]} is needed"
            unknown = re.search(r"unrecognized arguments:.*?(--\w+)", message, re.IGNORECASE)
            if unknown:
                near = get_close_matches(unknown[1], self._option_string_actions, 1)
                message += "".join(f" (did you mean {name.replace('_', '-')}?)" for name in near)
            raise InputError(f"{' '.join(message.split())}; see {self.prog} --help")

    parser = Parser(
        prog="imbtorch",
        description="Learn from class-imbalanced data: inspect it, compare recipes, train, "
        "evaluate, choose thresholds, reproduce the papers' tables, tune, embed and over-sample "
        "embeddings.",
        version=version("imbalanced-torch"),
        usage="imbtorch COMMAND ... (imbtorch COMMAND --help shows examples and options)",
        formatter_class=Help,
        allow_abbrev=False,
    )
    subs = parser.add_subcommands()
    for name in COMMANDS if only is None else (only,):
        module = import_module(f"imbtorch.commands.{name}")
        sub = Parser(description=described(module), formatter_class=Help, allow_abbrev=False)
        if name == only:
            module.add_options(sub)
            sub.usage = usage(name, sub)
        subs.add_subcommand(name, sub, help=module.run.__doc__.splitlines()[0])
        sub.prog = f"imbtorch {name}"
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    That is 0; 1 if some of the runs failed; 2 for unusable input, a file that cannot be written,
    or if all runs failed; 130 after Ctrl-C, 143 after SIGTERM, and 141 if what reads the output,
    such as ``head``, has ended.
    """
    with warnings.catch_warnings(), terminable():
        warnings.showwarning = partial(_warn, set())
        return _run(sys.argv[1:] if arguments is None else arguments)


def _run(given: Sequence[str]) -> int:
    try:
        only = given[0] if given and given[0] in COMMANDS else None
        parsed = make_parser(only).parse_args([_underscored(argument) for argument in given])
        module = import_module(f"imbtorch.commands.{parsed.subcommand}")
        status: int | None = module.run(**vars(parsed[parsed.subcommand]))
    except InputError as error:
        print(f"imbtorch: error: {printable(error)}", file=sys.stderr)
        return 2
    except OSError as error:  # no space, no permission: what was stored before is unchanged
        if isinstance(error, BrokenPipeError) and _unread():
            return 141
        print(
            f"imbtorch: error: {printable(error)}; what is stored stays: when that is mended, the "
            "same command goes on",
            file=sys.stderr,
        )
        return 2
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # so rich ends where nothing reads it
            return 141
        raise
    except KeyboardInterrupt as interrupt:
        print("imbtorch: interrupted; run the same command again to resume", file=sys.stderr)
        return 143 if isinstance(interrupt, Terminated) else 130
    return status or 0


def _unread() -> bool:
    """Whether nothing reads the output any more; what is left of it is then dropped."""
    try:
        print(flush=True)  # a flush alone raises nothing after a print that did
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _underscored(argument: str) -> str:
    """Accept ``--batch-size`` for the option that jsonargparse calls ``--batch_size``."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return "--" + name.replace("-", "_") + equals + value


def _warn(said: set[str], message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning, unless this command has said it before."""
    text = printable(message)
    if text not in said:
        said.add(text)
        print(f"\nimbtorch: warning: {text}", file=sys.stderr)
