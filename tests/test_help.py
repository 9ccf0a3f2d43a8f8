"""The help of the command line: examples that parse, real defaults, nothing imported for it."""

import inspect
import re
import shlex
import subprocess
import sys
from importlib import import_module

import pytest

from imbtorch.cli import COMMANDS, _underscored, make_parser
from imbtorch.commands import resample
from imbtorch.commands.task_options import GROUPS, READING
from imbtorch.comparison.inspect import inspect_data
from imbtorch.comparison.make_task import make_task
from imbtorch.resampling.names import OVER_SAMPLERS

HEAVY = ("torch", "scipy", "sklearn", "datasets", "matplotlib", "lightning_fabric")


def test_help_and_the_list_of_tables_import_no_library_that_takes_long():
    code = f"""
import contextlib, io, sys
from imbtorch.cli import COMMANDS, main, make_parser
make_parser().format_help()
for name in COMMANDS:
    make_parser(name).format_help()
    with contextlib.suppress(SystemExit):
        main([name, "--help"])
assert main(["reproduce", "--list", "--out", "nowhere"]) == 0
found = [name for name in {HEAVY} if name in sys.modules]
assert not found, found
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_two_examples_and_says_nothing_of_types(name, capsys):
    with pytest.raises(SystemExit):
        make_parser(name).parse_args([name, "--help"])
    said = capsys.readouterr().out
    examples = import_module(f"imbtorch.commands.{name}").EXAMPLES
    assert len(examples) == 2
    assert said.splitlines()[0].startswith(f"usage: imbtorch {name} ")
    assert [line.strip() for line in said.splitlines()[2:4]] == [*examples]
    assert not re.search(r"type:|null|None|NoneType|``", said)
    assert not re.search(r"--\w+_", said)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_the_help_are_read(name):
    for example in import_module(f"imbtorch.commands.{name}").EXAMPLES:
        program, *words = shlex.split(example)
        assert program == "imbtorch"
        assert make_parser(name).parse_args(list(map(_underscored, words))).subcommand == name


@pytest.mark.parametrize(
    ("function", "options"),
    [(make_task, [o for group in GROUPS.values() for o in group]), (inspect_data, READING)],
)
def test_the_options_are_the_arguments_of_the_function(function, options):
    wanted = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("data", "folds")  # folds is an option of compare alone
    }
    assert {option.name: option.default for option in options} == wanted


def test_the_methods_of_resample_are_those_of_the_catalog():
    assert tuple(OVER_SAMPLERS) == resample.OVER_SAMPLERS
