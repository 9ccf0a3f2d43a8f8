"""The queue of the long runs: what it names exists, and what is said of how far it is, is so."""

import json
import sys
from types import SimpleNamespace

import full_length
import pytest
from full_length_status import Watched
from tqdm import tqdm

from imbtorch.comparison import grid
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.reproduction.paper_table import load_table
from imbtorch.reproduction.quick import few_of_each


@pytest.mark.parametrize("part", full_length.QUEUE, ids=lambda part: f"{part[0]} {part[3]}")
def test_tables_columns_and_rows_exist(part):
    name, column, rows, seeds = part
    table = load_table(name)
    assert column in table.columns
    assert {*rows} <= {*table.rows}
    assert all(table.rows[row].recipe for row in rows or table.rows)
    assert len(seeds) == len({*seeds}) > 0


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([0, -9], 9), ([1, 0], 1)])
def test_processes_side_by_side_end_well_only_if_all_do(tmp_path, monkeypatch, codes, code):
    ended = iter(codes)

    def started(command, **options):
        assert command[3:] == ["ERM", "--share", "0.5000"]
        code = next(ended)
        return SimpleNamespace(wait=lambda: code)

    monkeypatch.setattr(full_length.subprocess, "Popen", started)
    assert full_length.side_by_side(tmp_path, 2, ["ERM"]) == code
    assert len([*(tmp_path / "logs").iterdir()]) == 2


def said(folder):
    (path,) = (folder / "progress").iterdir()
    found = json.loads(path.read_text())
    return [found[name] for name in ("task", "recipe", "seed", "epoch", "epochs")]


def test_a_process_says_what_it_trains(tmp_path):
    recipes = [SimpleNamespace(name="erm", all_epochs=3), SimpleNamespace(name="m2m", all_epochs=3)]
    with tqdm(total=6, disable=True) as bar, Watched(bar, tmp_path, "cifar", recipes) as watched:
        watched.update(3)  # a stored run
        watched.set_description("erm, seed 1")
        assert said(tmp_path) == ["cifar", "erm", 1, 0, 3]
        watched.update()
        watched.update()
        assert said(tmp_path) == ["cifar", "erm", 1, 2, 3]
        watched.set_description("m2m, seed 0")
        watched.total += 3  # its pretrained network
        watched.update()
        assert said(tmp_path) == ["cifar", "m2m", 0, 1, 6]
        assert bar.total == 9
    assert not [*(tmp_path / "progress").iterdir()]


def test_the_status_has_figures_epochs_and_what_waits(tmp_path, monkeypatch, capsys):
    task = few_of_each(make_task("digits", epochs=2, model="mlp", augment="none"))
    monkeypatch.setattr(full_length, "task_at", lambda *asked: task)
    rows = ["ERM", "RS", "DRS"]
    queue = [("amo-1", "cifar10, ratio 100", rows, [0])]
    monkeypatch.setattr(full_length, "QUEUE", queue)
    folder = tmp_path / "runs" / task.folder
    with tqdm(disable=True) as bar:
        (row,) = run_grid(task, [task.recipe("erm")], [0], folder, bar, tidy=False).rows
        with Watched(bar, tmp_path, task.folder, [task.recipe("rs")]) as watched:
            watched.set_description("rs, seed 0")
            watched.update()
            full_length.print_status(tmp_path, full_length.parts(tmp_path, [], "auto"))
    heading, erm, rs, drs, last = capsys.readouterr().out.splitlines()
    assert heading.startswith("amo-1, cifar10, ratio 100: average")
    figure = f"{100 * row['metrics']['balanced_accuracy']:.1f}"
    assert erm.split()[:4] == ["ERM", "0", figure, "68.7±1.43"]
    assert "done in" in erm
    assert "epoch 1 of 2" in rs
    assert "waiting; about" in drs
    assert last.startswith("1 of 3 runs are done, 1 under way; the rest takes about")


def test_a_run_that_fails_is_tried_once_and_told_of(tmp_path, monkeypatch):
    task = few_of_each(make_task("digits", epochs=1, model="mlp", augment="none"))
    monkeypatch.setattr(full_length, "task_at", lambda *asked: task)
    queue = [("amo-1", "cifar10, ratio 100", ["ERM", "RS"], [0])]
    monkeypatch.setattr(full_length, "QUEUE", queue)
    trained, tried = grid.Task.fit, []

    def fit(self, recipe, *rest):
        tried.append(recipe.name)
        if recipe.name == "rs":
            raise RuntimeError("no")
        return trained(self, recipe, *rest)

    monkeypatch.setattr(grid.Task, "fit", fit)
    with pytest.warns(UserWarning, match="rs, seed 0, failed: RuntimeError: no"):
        assert full_length.work(tmp_path, [], "32-true") == 1
    assert tried == ["erm", "rs"]


def test_a_row_of_no_table_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["full_length.py", "folder", "AMOO"])
    with pytest.raises(SystemExit):
        full_length.main()
    assert "ROW is 'AMOO'; did you mean AMO?" in capsys.readouterr().err
