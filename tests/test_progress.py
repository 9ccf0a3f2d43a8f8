"""Progress in a pipe or a file is whole lines, few of them; on a terminal it is a bar."""

import sys
from io import StringIO

from imbtorch import progress
from imbtorch.progress import progress_bar


def run(total):
    with progress_bar(total=total, unit="epoch") as bar:
        for epoch in range(total):
            bar.set_description(f"run {epoch}")
            bar.update()


def test_a_short_run_in_a_pipe_is_one_line(capsys):
    run(500)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert "500/500" in said
    assert "\r" not in said


def test_a_long_run_in_a_pipe_is_a_line_an_interval(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    run(5)
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line] == []
    assert "run 3" in lines[3]
    assert len(lines) >= 5


def test_a_bar_that_does_nothing_writes_no_state(capsys):
    run(0)
    assert not capsys.readouterr().err.strip()


def test_on_a_terminal_the_bar_stays_on_its_line(monkeypatch):
    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    run(3)
    assert "\r" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
