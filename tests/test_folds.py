"""Folds: a sample that is tested is never trained on, in any way, whatever the data are."""

import csv
import json
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
import torch

from imbtorch.comparison.auto import choose
from imbtorch.comparison.compare import compare
from imbtorch.comparison.deciding import deciding
from imbtorch.comparison.kept import pooled_outputs, stored_outputs
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.tune import tune
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.errors import InputError
from imbtorch.training.phases import Train
from imbtorch.training.recipe import Recipe

FOLDS = 3
N = 36
Y = np.array(([0] * 5 + [1]) * 6)


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    """Figures take most of the time."""
    monkeypatch.setattr("imbtorch.comparison.compare.report_on", lambda *args, **options: None)


@pytest.fixture
def numbers(tmp_path):
    """An .npz whose first feature is the number of the row."""
    x = np.random.default_rng(0).normal(size=(N, 3)) + Y[:, None]
    x[:, 0] = np.arange(N)
    np.savez(tmp_path / "numbers.npz", features=x, labels=Y)
    return str(tmp_path / "numbers.npz")


@pytest.fixture
def words(tmp_path):
    """A table of texts; each has a word of its own, and one of six authors."""
    with (tmp_path / "words.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "author", "label"])
        for i in range(N):
            own = "".join(chr(ord("a") + int(digit)) for digit in f"{i:03}")
            writer.writerow([f"one two {own * 3} is a text of words", f"w{i // 6}", int(Y[i])])
    return str(tmp_path / "words.csv")


@pytest.fixture
def images(tmp_path):
    """A folder of gray images, each of one value: the number of the image."""
    from PIL import Image

    for i in range(N):
        (tmp_path / "images" / f"class{Y[i]}").mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), i).save(tmp_path / "images" / f"class{Y[i]}" / f"{i:03}.png")
    return str(tmp_path / "images")


def tiny(data, **options):
    return make_task(data, epochs=1, batch_size=16, folds=FOLDS, **options)


def rows_of(dataset):
    return {row.tobytes() for row in dataset.x.numpy()}


@pytest.mark.parametrize("kind", ["numbers", "words", "images"])
def test_no_sample_of_a_fold_is_in_its_training(kind, request):
    task = tiny(request.getfixturevalue(kind), profile="none")
    for repetition in range(2):
        tested = []
        for seed in range(repetition * FOLDS, (repetition + 1) * FOLDS):
            data = task.at(seed).data
            assert data.fold.number == seed % FOLDS
            assert not np.intersect1d(data.fold.train, data.fold.test).size
            if kind != "words":  # there, words of the fold are not counted
                assert not rows_of(data.train) & rows_of(data.test)
            assert data.counts == [20, 4]
            assert len(data.train) == len(data.fold.train) == 24
            tested.append(data.fold.test)
        assert sorted(np.concatenate(tested).tolist()) == list(range(N))
    first, second = (task.at(seed).data.fold.test for seed in (0, FOLDS))
    assert not np.array_equal(first, second)  # divided anew


def test_words_are_those_of_the_training_texts(words):
    task = tiny(words)
    for seed in range(FOLDS):
        data = task.at(seed).data
        texts = task.divided.source.train.rows.values
        known = {word for text in texts[data.fold.train] for word in text.split()}
        assert set(data.input.vocabulary) <= known
        assert len(data.input.vocabulary) > len(data.fold.train)  # one word of each


def test_numbers_are_scaled_by_the_training_rows(numbers):
    task = tiny(numbers)
    for seed in range(FOLDS):
        at = task.at(seed)
        buffers = dict(at.network(seed).named_buffers())
        mean = next(value for name, value in buffers.items() if "mean" in name)
        assert torch.allclose(mean.flatten(), at.data.train.x.mean(0), atol=1e-4)


class Seen:
    """An over-sampler that notes the numbers of the rows that it is given."""

    sampling_strategy = "auto"
    rows: ClassVar[list] = []

    def fit_resample(self, x, y):
        Seen.rows.append({int(row) for row in np.asarray(x)[:, 0].round()})
        return x, y


def test_over_sampling_sees_the_training_rows_alone(numbers, tmp_path):
    Seen.rows.clear()
    task = tiny(numbers)
    compare(
        task,
        [Recipe("seen", [Train(1, resample=Seen)])],
        seeds=1,
        out=tmp_path / "out",
        progress=False,
    )
    trained = [set(task.at(seed).data.fold.train.tolist()) for seed in range(FOLDS)]
    assert [rows for rows in Seen.rows if len(rows) > 2] == trained


def test_no_group_is_in_two_folds(words):
    task = tiny(words, test_split="group:author")
    for seed in range(FOLDS):
        fold = task.at(seed).data.fold
        assert not np.intersect1d(fold.train // 6, fold.test // 6).size
    assert task.identity()["data"]["test_split"] == "group:author"


def test_m2m_translates_with_a_network_of_its_own_fold(numbers, tmp_path, monkeypatch):
    trained = []

    def pretrain(network, train, *args, **kwargs):
        trained.append({int(row) for row in train.x[:, 0]})
        return real(network, train, *args, **kwargs)

    from imbtorch.comparison import task as module

    real = module.train_pretrained
    monkeypatch.setattr(module, "train_pretrained", pretrain)
    task = tiny(numbers)
    outcome = compare(task, ["erm", "m2m:defer=0"], seeds=1, out=tmp_path / "out", progress=False)
    assert trained == [set(task.at(seed).data.fold.train.tolist()) for seed in range(FOLDS)]
    for row in outcome.rows:
        assert (row["folds"], row["fold"]) == (FOLDS, row["seed"] % FOLDS)
        assert {k: row[k] for k in task.identity()} == json.loads(json.dumps(task.identity()))


def test_all_folds_together_test_every_sample_once(numbers, tmp_path):
    task = tiny(numbers)
    compare(task, ["erm"], seeds=2, out=tmp_path, progress=False)
    for repetition in range(2):
        pooled = pooled_outputs(tmp_path, "erm", FOLDS, repetition)
        assert pooled["rows"].tolist() == list(range(N))
        assert pooled["labels"].tolist() == Y.tolist()
        assert ("probabilities" in pooled) == (repetition == 0)
    assert pooled_outputs(tmp_path, "erm", FOLDS, 2) is None
    one = stored_outputs(tmp_path, "erm", 1)
    assert one["rows"].tolist() == task.at(1).data.fold.test.tolist()


def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(numbers, tmp_path):
    recipes = ["erm", "m2m:defer=0"]
    make = partial(make_task, numbers, epochs=2, batch_size=16, folds=2)
    whole = compare(make(), recipes, seeds=1, out=tmp_path / "whole", progress=False)

    task = make()
    fit, calls = type(task.at(0)).fit, []

    def stop(row):
        raise KeyboardInterrupt

    def dying(self, recipe, seed, pretrained, on_epoch, snapshots):
        calls.append(seed)
        return fit(self, recipe, seed, pretrained, on_epoch if len(calls) < 4 else stop, snapshots)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imbtorch.comparison.task.Task.fit", dying)
        with pytest.raises(KeyboardInterrupt):
            compare(task, recipes, seeds=1, out=tmp_path / "cut", progress=False)
    assert list((tmp_path / "cut" / "snapshots" / "folds" / "seed1").glob("*.state"))
    again = compare(make(), recipes, seeds=1, out=tmp_path / "cut", progress=False)
    assert [row["metrics"] for row in again.rows] == [row["metrics"] for row in whole.rows]
    assert not (tmp_path / "cut" / "snapshots").exists()


def test_a_checkpoint_finds_the_fold_that_it_has_not_seen(words, tmp_path):
    for options in ({}, {"test_split": "group:author"}):
        task = tiny(words, **options)
        at = task.at(4)
        header = json.loads(json.dumps(at.header("erm", 4)))
        trained_on = TrainedOn.from_header(header["data"])
        opened = load_for(words, at.data.input, trained_on)
        assert opened.notes[-1] == "these are the data the network was trained on"
        assert torch.equal(opened.test.x, at.data.test.x)
        assert torch.equal(opened.train.x, at.data.train.x)
    task = make_task(words, test_split="group:author")
    trained_on = TrainedOn.from_header(task.header("erm", 0)["data"])
    assert torch.equal(load_for(words, task.data.input, trained_on).test.x, task.data.test.x)


def test_nothing_is_chosen_on_samples_that_are_tested(numbers, tmp_path):
    task = tiny(numbers)
    for chosen in (choose, partial(tune, recipe="m2m")):
        with pytest.raises(InputError, match="none is left to choose"):
            chosen(task, out=tmp_path)


def test_folds_that_would_be_wrong_are_refused(numbers, tmp_path):
    with pytest.raises(InputError, match=r"7 folds.*1 \(6\)"):
        make_task(numbers, folds=7)
    with pytest.raises(InputError, match="folds is 1"):
        make_task(numbers, folds=1)
    x = np.random.default_rng(0).normal(size=(N, 2))
    np.savez(tmp_path / "s.npz", train_features=x, train_labels=Y, test_features=x, test_labels=Y)
    with pytest.raises(InputError, match="--test-split none"):
        make_task(str(tmp_path / "s.npz"), folds=2)


def test_a_decision_is_chosen_on_a_fifth_beside_each_fold(words, tmp_path):
    task = deciding(tiny(words, test_split="group:author"), "balanced_accuracy", None)
    for seed in range(FOLDS):
        data = task.at(seed).data
        fold = data.fold
        others = np.setdiff1d(np.arange(N), [*fold.train, *fold.test])
        assert [len(part) for part in data.splits.values()] == [
            len(fold.train),
            len(fold.test),
            len(others),
        ]
        authors = [set(rows // 6) for rows in (fold.train, fold.test, others)]
        assert sum(map(len, authors)) == len(set.union(*authors)) == 6  # none is in two of them
        header = json.loads(json.dumps(task.at(seed).header("erm", seed)))
        opened = load_for(words, data.input, TrainedOn.from_header(header["data"]))
        assert torch.equal(opened.validation.x, data.validation.x)
        assert torch.equal(opened.train.x, data.train.x)
    rows = compare(task, ["erm"], seeds=1, out=tmp_path / "out", progress=False).rows
    assert all("balanced_accuracy" in row["decision"]["metrics"] for row in rows)
