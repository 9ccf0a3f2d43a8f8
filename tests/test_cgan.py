"""CGAN: one conditional network for each class that lacks samples."""

import numpy as np
import pytest
import torch

from imbtorch.resampling import CGAN
from imbtorch.resampling.generative.cgan import half_of_class
from imbtorch.resampling.generative.samples import Samples

SMALL = {"steps": 2, "width": 2, "latent_size": 3, "batch_size": 8, "random_state": 0}
flat = pytest.mark.filterwarnings("ignore:.* the samples it made are:UserWarning")


def clouds(counts=(40, 8, 6), seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    return (rng.normal(0, 0.3, (len(y), 2)) + 3 * y[:, None]).astype(np.float32), y


def test_half_of_a_batch_is_of_the_class_and_half_of_all_other_samples():
    shares = half_of_class(torch.tensor([60, 5, 2, 20]), 2)
    assert shares == pytest.approx([30 / 85, 2.5 / 85, 0.5, 10 / 85])


@flat
@pytest.mark.parametrize(
    ("strategy", "trained"), [("auto", ["1", "2"]), ({0: 50}, ["0"]), ({2: 9, 0: 41}, ["0", "2"])]
)
def test_only_classes_that_lack_samples_are_trained_and_only_generators_kept(strategy, trained):
    kept = {}

    def once(title, described, train):
        assert described["lacking"] == [int(label) for label in trained]
        state, seconds = train(5)
        kept.update(state)
        return state, seconds

    x, y = clouds()
    CGAN(**SMALL, sampling_strategy=strategy, once=once).fit_resample(x, y)
    assert sorted({name.split(".")[0] for name in kept}) == trained
    assert all(".decoder." in name for name in kept)


@flat
def test_a_class_is_trained_for_as_many_steps_as_are_asked_for(monkeypatch):
    trainings = []

    def train_steps(steps, step, *, title, verbose):
        trainings.append((title, steps))

    monkeypatch.setattr("imbtorch.resampling.generative.cgan.train_steps", train_steps)
    CGAN(**SMALL).fit_resample(*clouds((9, 4, 6, 9)))
    assert trainings == [("CGAN of class 1", 2), ("CGAN of class 2", 2)]


@flat
def test_what_is_kept_is_the_average_of_the_generator(monkeypatch):
    """With a decay of 1 the average stays what the first step left."""
    monkeypatch.setattr("imbtorch.resampling.generative.cgan.DECAY", 1.0)
    states = []

    def once(title, described, train):
        states.append(train(5)[0])
        return states[-1], 0.0

    for steps in (1, 4):
        CGAN(**{**SMALL, "steps": steps}, once=once).fit_resample(*clouds((20, 8)))
    weights = [name for name in states[0] if name.endswith("weight")]
    assert weights
    assert all(torch.equal(states[0][name], states[1][name]) for name in weights)


def test_each_class_is_drawn_from_its_own_network_with_the_attribute_set():
    x, y = map(torch.from_numpy, clouds())
    samples = Samples(x, y, (2,), torch.device("cpu"), [1, 2])
    networks = {str(k): lambda z, a, k=k: (10 * k + a)[:, None].expand(-1, 2) for k in (1, 2)}
    made = CGAN()._draw(networks, samples, {2: 3, 1: 2}, torch.Generator())
    assert made[:, 0].tolist() == [21, 21, 21, 11, 11]


def test_samples_made_are_of_the_class_that_was_asked_for():
    x, y = clouds((40, 8))
    sampler = CGAN(steps=200, width=8, latent_size=4, batch_size=32, lr=2e-3, random_state=0)
    made = sampler.fit_resample(x, y)[0][48:]
    assert (np.abs(made - 3) < np.abs(made)).all(1).mean() > 0.9
