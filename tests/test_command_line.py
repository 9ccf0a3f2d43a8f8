"""What the command line makes of its output and of its words."""

import os
import sys
from io import TextIOWrapper

import pytest
from rich.console import Console

from imbtorch.cli import main
from imbtorch.commands.common import say


@pytest.mark.parametrize("show", [lambda: say(["a"]), lambda: Console().print("a")])
def test_output_that_nothing_reads_ends_with_141(show, monkeypatch, capfd):
    def run(**_):
        """Show something."""
        show()

    monkeypatch.setattr("imbtorch.commands.inspect.run", run)
    unread, end = os.pipe()
    os.close(unread)
    raw = os.fdopen(end, "wb", 0)  # as with PYTHONUNBUFFERED
    with TextIOWrapper(raw, write_through=True) as file, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", file)
        assert main(["inspect", "digits"]) == 141
    assert not capfd.readouterr().err


def test_another_broken_pipe_is_an_error(monkeypatch, capfd):
    def run(**_):
        """Fail as a worker does."""
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("imbtorch.commands.inspect.run", run)
    assert main(["inspect", "digits"]) == 2
    assert "Broken pipe; what is stored stays" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "meant"),
    [("compare digits --seed 2", "--seeds"), ("train digits --batch-siz=3", "--batch-size")],
)
def test_a_part_of_an_options_name_is_not_taken_for_it(command, meant, capsys):
    assert main(command.split()) == 2
    assert f" (did you mean {meant}?); see imbtorch" in capsys.readouterr().err
