"""--recipes auto: successive halving that never sees the test set."""

from dataclasses import replace

import pytest

from imbtorch.cli import main
from imbtorch.comparison import auto
from imbtorch.comparison.make_task import make_task
from imbtorch.data.arrays import ArrayDataset


@pytest.fixture
def task():
    return make_task("digits", ratio=10, model="mlp", epochs=18, batch_size=64)


def scores_of(monkeypatch, table):
    """Put given scores in place of training; return the runs that were asked for."""
    asked = []

    def score(task, name, seed, out, bar):
        asked.append((name, task.epochs))
        return table[name].get(task.epochs)

    monkeypatch.setattr(auto, "_score", score)
    return asked


def test_losers_are_dropped_and_the_best_two_kept(monkeypatch, task, tmp_path):
    names = auto.fitting_recipes(task.data.input, [1])
    table = {name: {2: 0.3 - i / 100, 6: 0.4} for i, name in enumerate(names)}
    table["drw"] = {2: 0.5, 6: 0.7}
    table["m2m"] = {2: 0.6, 6: 0.6}
    asked = scores_of(monkeypatch, table)
    choice = auto.choose(task, tmp_path, progress=False)
    assert choice.recipes == ["erm", "drw", "m2m"]
    assert {name for name, epochs in asked if epochs == 6} == {"erm", "drw", "m2m"}
    assert any("rs" in line and "dropped" in line for line in choice.lines)


def test_a_recipe_that_fails_is_left_out(monkeypatch, task, tmp_path):
    table = {name: {2: 0.1, 6: 0.1} for name in auto.fitting_recipes(task.data.input, [1])}
    table["erm"] = {2: 0.0, 6: 0.0}
    table["m2m"] = {}
    scores_of(monkeypatch, table)
    choice = auto.choose(task, tmp_path, progress=False)
    assert "m2m" not in choice.recipes
    assert any("m2m" in line and "failed" in line for line in choice.lines)


def test_the_test_set_is_not_touched(task, tmp_path, monkeypatch):
    """The same choice comes out with the labels of the test set turned upside down."""
    monkeypatch.setattr(auto, "START", ("erm", "rs", "drw"))
    test = task.data.test
    turned = ArrayDataset(test.x, 9 - test.y)
    other = replace(task, data=replace(task.data, test=turned))
    choices = [
        auto.choose(one, tmp_path / name, progress=False)
        for name, one in (("as it is", task), ("turned", other))
    ]
    assert choices[0] == choices[1]


def test_command_ends_with_a_full_comparison(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(auto, "START", ("erm", "rs", "drw"))
    arguments = ["compare", "digits", "--recipes", "auto", "--model", "mlp", "--epochs", "4"]
    assert main([*arguments, "--seeds", "1", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "auto: 4 recipes, first for 2 epochs" in out
    assert "in full (4 epochs): erm," in out
    assert (tmp_path / "auto.txt").read_text() in out
    assert (tmp_path / "report.html").exists()
