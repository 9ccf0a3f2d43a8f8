"""tune: the options of a recipe, chosen on a validation split."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imbtorch import InputError
from imbtorch.cli import main
from imbtorch.comparison import grid, tune
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.validation import validation_task
from imbtorch.data.arrays import take
from imbtorch.data.load import Part
from imbtorch.training.catalog import CATALOG


@pytest.fixture
def task():
    return replace(make_task("digits"), epochs=4)


@pytest.fixture
def few_candidates(monkeypatch):
    """EOS has three candidates."""
    monkeypatch.setitem(CATALOG, "eos", replace(CATALOG["eos"], candidates={"k": (5, 10, 20)}))


def test_the_test_set_is_not_touched(task):
    split = validation_task(task)
    whole = np.concatenate([split.data.train.x.numpy(), split.data.test.x.numpy()])
    assert len(whole) == len(task.data.train)
    rows = {image.tobytes() for image in task.data.train.x.numpy()}
    assert {image.tobytes() for image in whole} == rows
    assert (np.array(split.data.counts) > 0).all()
    assert len(split.data.test) == pytest.approx(0.2 * len(whole), abs=1)
    assert split.data.parts == (Part.VALIDATION,)
    assert split.folder != task.folder


def test_every_candidate_is_tried_once_and_the_best_comes_first(
    task, tmp_path, monkeypatch, few_candidates
):
    scores = tune.tune(task, "drs+eos", out=tmp_path, progress=False)
    assert sorted(name for name, _ in scores) == ["drs+eos:k=10", "drs+eos:k=20", "drs+eos:k=5"]
    values = [score for _, score in scores]
    assert values == sorted(values, reverse=True)
    monkeypatch.setattr(grid.Task, "fit", None)  # nothing is trained a second time
    assert tune.tune(task, "drs+eos", out=tmp_path, progress=False) == scores


def test_fewer_trials_than_candidates(task, tmp_path):
    scores = tune.tune(task, "dos", trials=2, out=tmp_path, progress=False)
    assert 1 <= len(scores) <= 2


def test_what_was_interrupted_is_tried_by_the_same_call(
    task, tmp_path, monkeypatch, few_candidates
):
    trained = grid.Task.fit

    def interrupted(self, recipe, *rest):
        if recipe.name == "drs+eos:k=10":
            raise KeyboardInterrupt
        return trained(self, recipe, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(grid.Task, "fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tune.tune(task, "drs+eos", out=tmp_path, progress=False)
    found = tune.tune(task, "drs+eos", out=tmp_path, progress=False)
    assert {name for name, _ in found} == {f"drs+eos:k={k}" for k in (5, 10, 20)}


def test_options_in_the_name_stay_and_are_not_tried():
    assert set(tune.candidates_of("ldam+aos:epsilon=0.1")) == {"p"}
    assert set(tune.candidates_of("ldam+m2m")) == {"beta", "lam", "gamma"}
    with pytest.raises(InputError, match="nothing is left to choose: leave k out"):
        tune.candidates_of("ldam+eos:k=50")
    assert tune.named("ldam+aos:epsilon=0.1", {"p": 0.25}) == "ldam+aos:epsilon=0.1:p=0.25"


@pytest.mark.parametrize("name", [name for name, row in CATALOG.items() if row.candidates])
def test_every_candidate_makes_a_recipe(name):
    for option, values in CATALOG[name].candidates.items():
        for value in values:
            assert tune.named(name, {option: value})


def test_what_cannot_be_tuned_is_refused(task, tmp_path):
    with pytest.raises(InputError, match="recipe is 'erm'; only these have candidates: dos"):
        tune.tune(task, "erm", out=tmp_path)
    y = task.data.train.y
    one_of_each = torch.stack([(y == k).nonzero()[0, 0] for k in range(10)])
    few = task.data.part(Part.FEW, take(task.data.train, one_of_each), task.data.test)
    with pytest.raises(InputError, match="cannot be split"):
        tune.tune(replace(task, data=few), "eos", out=tmp_path)


def test_the_command_prints_the_best_by_name(tmp_path, capsys):
    command = ["tune", "digits", "--recipe", "eos", "--trials", "1", "--epochs", "2"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "to use the best: --recipes eos:k=" in said


def test_another_task_in_the_same_folder_has_trials_of_its_own(task, tmp_path, few_candidates):
    first = tune.tune(task, "eos", out=tmp_path, progress=False)
    other = tune.tune(replace(task, epochs=12), "eos", out=tmp_path, progress=False)
    assert first != other
    with pytest.raises(InputError, match="trials is 0"):
        tune.tune(task, "eos", trials=0, out=tmp_path)


@pytest.mark.parametrize("trials", [1, 2, 3])
def test_fewer_trials_are_other_combinations_and_the_same_each_time(
    trials, task, tmp_path, few_candidates
):
    found = [
        tune.tune(task, "erm+eos", trials=trials, out=tmp_path / name, progress=False)
        for name in ("one", "another")
    ]
    assert found[0] == found[1]
    assert len({name for name, _ in found[0]}) == trials
