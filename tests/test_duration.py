"""The time of a comparison: what is counted, and that it is of the size of what it takes."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from imbtorch import make_recipe
from imbtorch.comparison import classical_seconds as classical
from imbtorch.comparison import duration
from imbtorch.comparison import generative_seconds as generative
from imbtorch.comparison.auto import budgets_of, search_seconds
from imbtorch.comparison.classical_seconds import classical_seconds
from imbtorch.comparison.duration import expected_seconds, in_words, passes, sample_seconds
from imbtorch.comparison.generative_seconds import generative_seconds
from imbtorch.comparison.make_task import make_task
from imbtorch.data.arrays import ArrayDataset
from imbtorch.resampling.apply import resample_dataset
from imbtorch.training.slots import build
from imbtorch.training.try_out import KNOWN


@pytest.fixture
def task(feature_file):
    return make_task(str(feature_file), epochs=10)  # 72 training and 24 held-out samples


def seconds(task, *names, seeds=1):
    recipes = [task.recipe(name) for name in names]
    return expected_seconds(task, recipes, seeds, 1.0)


MEASURED = (11 * 24 + 72) / 3
"""Ten measurements, a last one and one of the training set, each a third of a training pass."""


def test_plain_training_takes_its_epochs_and_measurements(task):
    assert seconds(task, "erm") == pytest.approx(10 * 72 + MEASURED)
    assert seconds(task, "erm", seeds=3) == pytest.approx(3 * seconds(task, "erm"))


def test_recipes_that_start_alike_share_their_start(task):
    alone = seconds(task, "erm") + seconds(task, "drw")
    assert seconds(task, "erm", "drw") == pytest.approx(alone - 8 * 72)
    assert seconds(task, "erm", "ldam") == pytest.approx(2 * seconds(task, "erm"))


def test_over_sampling_and_translation_cost_what_they_add(task):
    assert sum(passes(make_recipe("ros", 10), [60, 12])[1]) == 10 * 120
    assert sum(passes(make_recipe("m2m:steps=4", 10), [60, 12])[1]) == 8 * 72 + 2 * 72 * 5
    # and the network that it translates against, once for all seeds
    extra = seconds(task, "m2m", seeds=2) - 2 * (seconds(task, "m2m") - 10 * 72)
    assert extra == pytest.approx(10 * 72)


def test_the_search_is_shorter_than_all_in_full_and_longer_than_its_choice(task):
    assert budgets_of(200) == [22, 66]
    each = [seconds(task, n, seeds=3) for n in ("erm", "rs", "drw", "ldam+drw", "m2m")]
    assert sum(each[:3]) < search_seconds(task, 3, 1.0) < 3 * sum(each)


def test_a_sample_takes_about_as_long_as_in_training(task):
    state = torch.get_rng_state()
    per_sample = sample_seconds(task)
    assert torch.equal(torch.get_rng_state(), state)
    start = time.perf_counter()
    task.fit("erm", 0)
    took = time.perf_counter() - start
    assert took / 30 < expected_seconds(task, [task.recipe("erm")], 1, per_sample) < 30 * took


def test_times_are_in_words():
    assert in_words(1) == "about 5 s"
    assert in_words(89 * 60) == "about 89 min"
    assert in_words(40 * 3600) == "about 40.0 h"
    assert in_words(10 * 86400) == "about 10 days"


def test_a_classifier_without_a_network_takes_the_time_of_its_fits(task, monkeypatch):
    assert classical_seconds(task, task.recipe("erm")) == 0
    took = classical_seconds(task, task.recipe("hgb"))
    start = time.perf_counter()
    task.fit("hgb", 0)
    fitted = time.perf_counter() - start
    assert fitted / 30 < took < 30 * fitted
    monkeypatch.setattr(duration, "classical_seconds", lambda task, recipe: 7.0)
    measured = (2 * 24 + 72) / 3  # after one epoch of its own, and at the end
    whole = expected_seconds(task, [task.recipe("hgb")], 3, 0.0)
    assert whole == 3 * 7.0
    assert expected_seconds(task, [task.recipe("hgb")], 1, 1.0) <= 7.0 + measured


def test_small_fits_are_extended_to_all_samples_and_classes(task, monkeypatch):
    def timed(phase, x):
        return 1.0 + len(x) / 1000

    monkeypatch.setattr(classical, "_timed", timed)
    assert classical_seconds(task, task.recipe("logistic")) == pytest.approx(1.072)
    x, y = torch.randn(10_000, 2), torch.arange(10_000) % 4
    large = ArrayDataset(x, y, ["a", "b", "c", "d"])
    many = replace(task, data=replace(task.data, train=large, classes=large.classes))
    assert classical_seconds(many, task.recipe("logistic")) == pytest.approx(4 * 11.0)


def test_a_generative_over_sampler_trains_once_for_all_seeds_and_recipes(monkeypatch):
    task = make_task("digits", profile="exponential", ratio=10.0, epochs=10, model="small-cnn")
    gamo, few = task.recipe("gamo:steps=300:width=4"), task.recipe("gamo:steps=3:width=4")
    assert generative_seconds(task, [task.recipe("erm"), task.recipe("smote")], 2) == 0
    found, start = generative_seconds(task, [gamo], 3), time.perf_counter()
    resample_dataset(build(gamo.phases[0].resample, KNOWN), task.data.train)
    took = time.perf_counter() - start
    assert took / 10 < found < 10 * took

    monkeypatch.setattr(generative, "_timed", lambda sampler, few, steps: 5.0 + 0.1 * steps)
    both = [gamo, task.recipe("ldam+gamo:steps=300:width=4")]
    assert generative_seconds(task, both, 3) == pytest.approx(30)
    assert generative_seconds(task, [*both, few], 3) == pytest.approx(30.3)
    assert expected_seconds(task, both, 3, 0.0) == pytest.approx(30)
    folded = SimpleNamespace(data=task.data, folds=3)
    assert generative_seconds(folded, both, 3) == pytest.approx(3 * 30)
    of_embeddings, state = task.recipe("head:gamo:steps=300"), torch.get_rng_state()
    assert generative_seconds(task, [*both, of_embeddings], 3) == pytest.approx(30 + 3 * 30)
    assert torch.equal(torch.get_rng_state(), state)
