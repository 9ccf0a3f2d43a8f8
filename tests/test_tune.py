"""tune and the catalogue of tables."""

from dataclasses import replace

import numpy as np
import pytest

from imbtorch import InputError, make_recipe
from imbtorch.cli import main
from imbtorch.experiments import catalogue, grid, tune
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.store import ResultStore


@pytest.fixture
def task():
    return replace(make_task("digits"), epochs=4)


def test_the_test_set_is_not_touched(task):
    split = tune.validation_task(task)
    whole = np.concatenate([split.data.train.x.numpy(), split.data.test.x.numpy()])
    assert len(whole) == len(task.data.train)
    rows = {image.tobytes() for image in task.data.train.x.numpy()}
    assert {image.tobytes() for image in whole} == rows
    assert (np.array(split.data.counts) > 0).all()
    assert len(split.data.test) == pytest.approx(0.2 * len(whole), abs=1)


def test_every_candidate_is_tried_once_and_the_best_comes_first(task, tmp_path, monkeypatch):
    monkeypatch.setitem(tune.CANDIDATES, "eos", {"n_neighbors": (5, 10, 20)})
    scores = tune.tune(task, "drs+eos", out=tmp_path, progress=False)
    assert sorted(name for name, _ in scores) == [
        "drs+eos:n_neighbors=10",
        "drs+eos:n_neighbors=20",
        "drs+eos:n_neighbors=5",
    ]
    values = [score for _, score in scores]
    assert values == sorted(values, reverse=True)
    monkeypatch.setattr(grid.Task, "fit", None)  # nothing is trained a second time
    assert tune.tune(task, "drs+eos", out=tmp_path, progress=False) == scores


def test_fewer_trials_than_candidates(task, tmp_path):
    scores = tune.tune(task, "dos", trials=2, out=tmp_path, progress=False)
    assert 1 <= len(scores) <= 2


def test_options_in_the_name_stay():
    assert set(tune.candidates_of("ldam+aos:epsilon=0.1")) == {"p"}
    assert set(tune.candidates_of("ldam-m2m")) == {"beta", "lam", "gamma"}


def test_what_cannot_be_tuned_is_said(task, tmp_path):
    with pytest.raises(InputError, match="recipe is 'erm'; candidates are known of m2m"):
        tune.tune(task, "erm", out=tmp_path)
    few = replace(task.data, train=[(task.data.train[i]) for i in range(3)])
    with pytest.raises(InputError, match="cannot be split"):
        tune.tune(replace(task, data=few), "eos", out=tmp_path)


def test_the_command_prints_the_best_by_name(tmp_path, capsys):
    command = ["tune", "digits", "--recipe", "eos", "--trials", "1", "--epochs", "2"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "the best by name: --recipes eos:n_neighbors=" in said


def test_the_catalogue_shows_every_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "_sample_seconds", lambda model, data: 1e-3)
    assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for name in catalogue.tables.TABLES:
        assert name in said
    assert "0 / 135" in said
    assert main(["reproduce"]) == 2
    assert "--list" in capsys.readouterr().err


def test_the_catalogue_counts_what_is_stored(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "_sample_seconds", lambda model, data: 1e-3)
    made = make_task("digits", epochs=4, model="small-cnn", augment="none", profile="random:0.95")
    identity = made.identity()
    for profile, folder in (("random:0.95, ratio 9", "a"), ("as stored, ratio 1.2", "b")):
        identity["data"].update(name="mnist", profile=profile)
        store = ResultStore(tmp_path / "runs" / folder, identity)
        store.append({"recipe": make_recipe("erm", 4).describe(), "training_seed": 0})
        with store.path.open("ab") as file:
            file.write(b'{"torn')
    assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.split()}
    assert "1 / 135" in lines["dos-6"]  # p .95 alone, not .9 or .99


def test_another_task_in_the_same_folder_has_trials_of_its_own(task, tmp_path, monkeypatch):
    monkeypatch.setitem(tune.CANDIDATES, "eos", {"n_neighbors": (5,)})
    first = tune.tune(task, "eos", out=tmp_path, progress=False)
    other = tune.tune(replace(task, epochs=12), "eos", out=tmp_path, progress=False)
    assert first != other
    with pytest.raises(InputError, match="trials is 0"):
        tune.tune(task, "eos", trials=0, out=tmp_path)


def test_an_estimate_is_of_this_machine():
    assert 1e-7 < catalogue._sample_seconds("small-cnn", "mnist") < 0.1
