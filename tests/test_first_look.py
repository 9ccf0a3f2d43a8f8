"""A long comparison begins with a table of a minute's work, labelled as such."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imbtorch.cli import main
from imbtorch.comparison import duration, first_look
from imbtorch.comparison.first_look import quick_task
from imbtorch.comparison.make_task import make_task
from imbtorch.data.arrays import ArrayDataset, labels_of


def in_color(n, side, seed=0):
    x = torch.randint(0, 256, (n, 3, side, side + 8), generator=torch.Generator().manual_seed(seed))
    return ArrayDataset(x.to(torch.uint8), torch.arange(n) % 3)


def test_images_become_small_and_few_and_keep_their_classes():
    task = make_task("digits", model="resnet32", epochs=1)
    spec = replace(task.data.input, size=(56, 64), channels=3)
    train, test = in_color(5_000, 56), in_color(300, 56, 1)
    quick = quick_task(replace(task, data=replace(task.data, train=train, test=test, input=spec)))
    assert quick.model == "small-cnn"
    assert quick.data.shape == (3, 28, 32)
    assert quick.data.input.size == (28, 32)
    assert quick.data.train.x.dtype == torch.uint8
    assert 2_000 <= len(quick.data.train) <= 2_020
    assert len(quick.data.test) == 300
    assert quick.data.parts == ("first look",)
    assert quick.identity() != task.identity()


def test_a_rare_class_keeps_its_samples(tmp_path):
    labels = np.repeat([0, 1, 2], [30_000, 12, 4])
    x = np.random.default_rng(0).normal(size=(len(labels), 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", features=x, labels=labels)
    task = make_task(str(tmp_path / "a.npz"), profile="none")
    counts = np.bincount(labels_of(quick_task(task).data.train)).tolist()
    assert counts[1:] == [5, 3]
    assert 1_900 < counts[0] < 2_100


@pytest.fixture
def slow(monkeypatch):
    """A task whose samples seem to take long; the quick one takes what it takes."""
    monkeypatch.setattr(first_look, "WORTH", 0.0)
    monkeypatch.setattr(duration, "TIMED", 0.01)


@pytest.mark.usefixtures("no_report")
def test_a_long_comparison_shows_a_first_table_and_then_its_own(
    slow, feature_file, tmp_path, capsys
):
    command = ["compare", str(feature_file), "--recipes", "erm,rs", "--seeds", "2", "--epochs", "3"]
    command += ["--out", str(tmp_path / "out")]
    assert main(command) == 0
    said = capsys.readouterr().out
    order = ["about 5 s for 2 recipes x 2 seeds", "first look, not a result: mlp", "in full: about"]
    order += ["mean ± std over 2 seeds", "report: ", "the same command goes on where it stopped"]
    places = [said.index(text) for text in order]
    assert places == sorted(places)
    assert main(command) == 0
    assert "first look" not in capsys.readouterr().out  # all is stored


def test_recipes_that_take_too_long_are_left_out(feature_file, tmp_path, monkeypatch):
    task = make_task(str(feature_file), epochs=60)
    monkeypatch.setattr(first_look, "sample_seconds", lambda task: 0.02)
    outcome, title = first_look.first_look(task, ["erm", "rs", "m2m"], tmp_path, progress=False)
    assert [row["recipe"]["name"] for row in outcome.rows] == ["erm", "rs"]
    assert title.endswith("without m2m")
    assert outcome.rows[0]["epochs"] < 30


def test_what_trains_no_network_neither_hides_the_others_nor_is_hidden(
    feature_file, tmp_path, monkeypatch
):
    task = make_task(str(feature_file), epochs=60)
    monkeypatch.setattr(first_look, "sample_seconds", lambda task: 0.02)
    names = ["erm", "rs", "hgb", "logistic"]
    outcome, title = first_look.first_look(task, names, tmp_path, progress=False)
    assert [row["recipe"]["name"] for row in outcome.rows] == names
    assert "without" not in title


def test_of_folds_it_takes_the_first(feature_file, tmp_path):
    task = make_task(str(feature_file), epochs=2, folds=3)
    outcome, title = first_look.first_look(task, ["erm", "logistic"], tmp_path, progress=False)
    tested = len(labels_of(task.at(0).data.test))
    assert title.endswith(f"measured on {tested}")
    assert [row["seed"] for row in outcome.rows] == [0, 0]
    assert all(row["data"]["parts"][-1] == "first look" for row in outcome.rows)
    assert all(sum(map(sum, row["metrics"]["confusion"])) == tested for row in outcome.rows)
