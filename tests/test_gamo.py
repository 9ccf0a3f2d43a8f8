"""GAMO: samples made are convex combinations of their class's."""

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from imbtorch import InputError
from imbtorch.resampling import GAMO
from imbtorch.resampling.generative.convex import ConvexGenerator, erring_loss

SMALL = {"steps": 3, "width": 2, "latent_size": 3, "batch_size": 8, "random_state": 0}
flat = pytest.mark.filterwarnings("ignore:.* the samples it made are:UserWarning")


def vectors(counts=(20, 7, 3, 1), size=4):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(counts)), counts)
    return (rng.normal(5, 2, (len(y), size)) + y[:, None]).astype(np.float32), y


@flat
def test_each_row_made_of_vectors_lies_in_the_convex_hull_of_its_class():
    x, y = vectors()
    new_x, new_y = GAMO(**SMALL).fit_resample(x, y)
    for row, label in zip(new_x[31:], new_y[31:], strict=True):
        members = np.vstack([x[y == label].T, np.full((y == label).sum(), 100.0)])
        weights, gap = nnls(members.astype(np.float64), np.append(row, 100.0).astype(np.float64))
        assert weights.sum() == pytest.approx(1, abs=1e-4)
        assert gap < 1e-3


@flat
def test_a_class_of_one_sample_gets_copies_of_it():
    x, y = vectors()
    new_x, new_y = GAMO(**SMALL).fit_resample(x, y)
    assert np.allclose(new_x[new_y == 3], x[y == 3], atol=1e-5)


@flat
@pytest.mark.parametrize("shape", [(4,), (1, 5, 5)])
def test_the_base_is_a_real_sample_of_the_class(shape):
    x, y = vectors(size=int(np.prod(shape)))
    sampler = GAMO(**SMALL)
    _, new_y = sampler.fit_resample(x.reshape(-1, *shape), y)
    assert (y[sampler.base_indices_] == new_y[31:]).all()
    sampler.set_params(sampling_strategy={0: 20}).fit_resample(x.reshape(-1, *shape), y)
    assert len(sampler.base_indices_) == 0


@flat
def test_the_base_is_the_row_of_the_largest_weight():
    x, y = vectors((6, 2), 3)
    x[6:] = [[0, 0, 0], [9, 9, 9]]
    sampler = GAMO(**SMALL, sampling_strategy={1: 40})
    new_x, _ = sampler.fit_resample(x, y)
    assert (sampler.base_indices_ == 6 + (new_x[8:, 0] > 4.5)).all()


def test_weights_are_of_the_class_asked_for_non_negative_and_sum_to_one():
    generator = ConvexGenerator(3, {1: 5, 4: 1, 6: 2}, 2)
    weights = generator(torch.randn(6, 3), torch.tensor([1, 1, 1, 6, 6, 6]))
    assert {label: tuple(w.shape) for label, w in weights.items()} == {1: (3, 5), 6: (3, 2)}
    for w in weights.values():
        assert (w >= 0).all()
        assert w.sum(1).tolist() == pytest.approx([1.0] * 3)


def test_what_the_generator_gains_from_an_error_of_the_classifier():
    probabilities = torch.tensor([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    logits = (probabilities.log() + 3).requires_grad_()
    loss = erring_loss(logits, torch.tensor([1, 2]))
    assert loss.item() == pytest.approx(-np.log([0.5, 0.2]).mean())
    loss.backward()
    assert logits.grad[0, 1] > 0 > logits.grad[0, 0]


@flat
@pytest.mark.parametrize("shape", [(4,), (1, 5, 5)])
def test_neither_classifier_nor_discriminator_nor_samples_are_kept(shape):
    x, y = vectors(size=int(np.prod(shape)))
    kept = {}

    def once(title, described, train):
        kept["state"] = train(0)[0]
        return kept["state"], 0.0

    GAMO(**SMALL, once=once).fit_resample(x.reshape(-1, *shape), y)
    parts = {name.split(".")[0] for name in kept["state"]}
    assert parts == ({"generator", "autoencoder"} if len(shape) > 1 else {"generator"})


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_impossible_weights_of_errors_are_refused(weight):
    with pytest.raises(InputError, match=f"error_weight is {weight}"):
        GAMO(weight, **SMALL).fit_resample(*vectors())


@flat
def test_what_is_made_is_judged_as_of_its_class_and_gains_from_errors(monkeypatch):
    """With classes far apart, a row of another class's samples would be seen."""
    y = np.repeat([0, 1, 2], [20, 9, 7])
    x = (np.random.default_rng(0).normal(0, 0.01, (36, 3)) + 100 * y[:, None]).astype(np.float32)
    centers = torch.from_numpy((x - x.mean(0)) / x.std(0))[[20, 29]]
    seen = []

    def step(discriminate, real, made, optimizers, more):
        made_x, made_y = made
        assert torch.allclose(made_x.detach(), centers[made_y - 1], atol=0.1)
        seen.extend(made_y.tolist())
        gain = more(made_x, made_y)
        assert gain > 0
        gain.backward()  # reaches the generator, whose weights the rows hang on
        return {}

    monkeypatch.setattr("imbtorch.resampling.generative.gamo.adversarial_step", step)
    GAMO(**{**SMALL, "steps": 9}).fit_resample(x, y)
    assert {*seen} == {1, 2}
