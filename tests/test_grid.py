"""The grid and its store: shared by processes, kept through crashes and failures."""

import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tqdm import tqdm

from imbtorch import InputError, Recipe, Train, make_recipe
from imbtorch.cli import main
from imbtorch.comparison.compare import compare
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.store import ResultStore
from imbtorch.reproduction.quick import few_of_each

FORK = multiprocessing.get_context("fork")  # no network is trained in these processes
NO_REPORT = """
import importlib, sys
import imbtorch.cli
module = importlib.import_module("imbtorch.comparison.compare")
module.report_on = lambda *_, **__: None  # takes as long as all runs
sys.exit(imbtorch.cli.main())
"""
CELLS = [({"name": name}, seed) for name in "abcdef" for seed in range(4)]


def fill_all(folder, pause):
    """Fill every cell of a store as the grid does; each run leaves a line of its own."""
    store = ResultStore(folder, {"model": "none"})
    for wait in (False, True):
        for recipe, seed in CELLS:

            def run(recipe=recipe, seed=seed):
                with (folder / "ran").open("a") as file:
                    file.write(f"{recipe['name']}{seed}\n")
                time.sleep(pause)
                return {"metrics": {"value": seed}, "long": "x" * 50_000}

            store.fill(recipe, seed, run, wait=wait)


def cells_of(folder):
    store = ResultStore(folder, {"model": "none"})
    assert all(len(row["long"]) == 50_000 for row in store.rows)
    return [(row["recipe"]["name"], row["seed"]) for row in store.rows]


def test_several_processes_fill_a_store_once(tmp_path):
    workers = [FORK.Process(target=fill_all, args=(tmp_path, 0.01)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    expected = sorted((recipe["name"], seed) for recipe, seed in CELLS)
    assert sorted(cells_of(tmp_path)) == expected
    assert len((tmp_path / "ran").read_text().split()) == len(CELLS)


@pytest.mark.filterwarnings("ignore:.* has 1 damaged or incomplete line")  # killed as it wrote
def test_killed_at_ten_moments_only_running_cells_are_lost(tmp_path):
    rng = random.Random(0)
    kills = 0
    while kills < 10:
        worker = FORK.Process(target=fill_all, args=(tmp_path, 0.005))
        worker.start()
        time.sleep(rng.uniform(0.005, 0.05))
        worker.kill()
        worker.join(60)
        kills += 1
        found = cells_of(tmp_path)
        assert len(found) == len(set(found))
    fill_all(tmp_path, 0)
    assert len(cells_of(tmp_path)) == len(CELLS)
    # each kill cost at most the one cell that was running
    assert len((tmp_path / "ran").read_text().split()) <= len(CELLS) + 10


@pytest.mark.usefixtures("no_report")
def test_two_commands_at_once_make_each_run_once(feature_file, tmp_path, capsys):
    """One is a process of its own, the other begins here when that has stored its first run."""
    command = ["compare", str(feature_file), "--epochs", "40", "--recipes", "erm,rs,m2m"]
    command += ["--seeds", "2", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-c", NO_REPORT, *command],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    file = tmp_path / "out" / "results.jsonl"
    while process.poll() is None and not (file.exists() and file.stat().st_size):
        time.sleep(0.01)
    status = main(command)
    out, err = process.communicate(timeout=120)
    assert [status, process.returncode] == [0, 0], err
    lines = file.read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert sorted((r["recipe"]["name"], r["seed"]) for r in rows) == [
        (name, seed) for name in ("erm", "m2m", "rs") for seed in (0, 1)
    ]
    said = out, capsys.readouterr().out
    tables = [text.split("report:")[0].splitlines()[-8:] for text in said]
    assert tables[0] == tables[1]


class Diverging(Train):
    """A phase that fails."""

    def run(self, run):
        raise InputError("the loss became NaN")


@pytest.fixture
def task():
    return few_of_each(replace(make_task("digits"), epochs=2))


def test_a_failed_cell_is_recorded_and_the_rest_goes_on(task, tmp_path):
    recipes = [Recipe("bad", [Diverging(2)]), make_recipe("erm", 2)]
    with (
        tqdm(total=0, disable=True) as bar,
        pytest.warns(UserWarning, match=r"bad, seed \d, failed"),
    ):
        rows = run_grid(task, recipes, [0, 1], tmp_path, bar).rows
    assert [(row["recipe"]["name"], row["seed"]) for row in rows] == [
        ("erm", 0),
        ("erm", 1),
    ]
    failures = [json.loads(s) for s in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert [failure["seed"] for failure in failures] == [0, 1]
    assert failures[0]["error"] == "InputError: the loss became NaN"
    assert "the loss became NaN" in failures[0]["traceback"][-1]


def test_when_all_fail_the_command_says_so(task, tmp_path, monkeypatch):
    monkeypatch.setattr(Train, "run", Diverging.run)
    with pytest.warns(UserWarning, match="failed"), pytest.raises(InputError, match="every run"):
        compare(task, ["erm"], seeds=1, out=tmp_path, progress=False)


def test_a_grid_may_leave_alone_what_others_work_on(tmp_path):
    task = few_of_each(make_task("digits", epochs=1, model="mlp", augment="none"))
    erm, rs = (task.recipe(name) for name in ("erm", "rs"))
    store = ResultStore(tmp_path, task.identity())
    name = json.dumps([erm.describe(), 0], sort_keys=True)
    with store.claim(name, wait=False) as ours, tqdm(disable=True) as bar:
        assert ours
        outcome = run_grid(task, [erm, rs], [0], tmp_path, bar, wait=False)
    assert [row["recipe"]["name"] for row in outcome.rows] == ["rs"]
    assert outcome.failures == []
