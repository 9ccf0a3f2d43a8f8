"""DeepSMOTE: the penalty, what is trained on, and SMOTE between codes of a class."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from imbtorch import InputError
from imbtorch.resampling import DeepSMOTE
from imbtorch.resampling.generative import deep_smote
from imbtorch.resampling.generative.deep_smote import permutation_penalty
from imbtorch.resampling.generative.samples import Samples

SMALL = {"width": 2, "latent_size": 3, "batch_size": 8, "random_state": 0}
AS_IT_IS = SimpleNamespace(encoder=lambda x: x, decoder=lambda z: z)


def test_the_penalty_is_the_error_after_the_codes_have_changed_places():
    x = torch.tensor([[0.0], [1.0], [5.0]])
    assert permutation_penalty(AS_IT_IS, x, torch.tensor([1, 0, 2])) == pytest.approx(2 / 3)
    assert permutation_penalty(AS_IT_IS, x, torch.tensor([0, 1, 2])) == 0
    scaled = SimpleNamespace(encoder=lambda x: 2 * x, decoder=lambda z: z)
    assert permutation_penalty(scaled, x, torch.tensor([0, 1, 2])) == pytest.approx(26 / 3)


def test_it_learns_to_reproduce_all_and_to_make_one_of_a_class_of_another(monkeypatch):
    y = np.repeat([0, 1, 2], [30, 8, 4])
    x = np.random.default_rng(0).normal(0, 0.01, (42, 2)) + 10 * y[:, None]
    classes, learned = [], []

    def penalty(networks, x, order):
        assert sorted(order.tolist()) == list(range(8))
        assert x.std(0).max() < 0.1  # of one class
        classes.append(round(x.mean().item() / 1.5))
        return torch.tensor(5.0)

    def minimize(loss, optimizer):
        learned.append(loss.item())
        return loss.detach()

    monkeypatch.setattr(deep_smote, "permutation_penalty", penalty)
    monkeypatch.setattr(deep_smote, "minimize", minimize)
    DeepSMOTE(steps=40, **SMALL).fit_resample(x, y)
    assert len(set(classes)) == 3
    assert max(map(classes.count, classes)) < 25  # each class as often as any other
    assert min(learned) > 5  # the error of the reconstruction beside the penalty


@pytest.mark.parametrize(("k", "gap"), [(1, False), (3, True)])
def test_codes_lie_between_neighbors_of_the_class(k, gap):
    rows = torch.tensor([[0.0], [1.0], [10.0], [11.0], *[[5.0]] * 9])
    labels = torch.tensor([1] * 4 + [0] * 9)
    samples = Samples(rows, labels, (1,), torch.device("cpu"), [1])
    made = DeepSMOTE(k)._draw(AS_IT_IS, samples, {1: 200}, torch.Generator().manual_seed(0))
    made = samples.scaling.back(made)[:, 0]
    between = (made > 1 + 1e-4) & (made < 10 - 1e-4)
    assert bool(between.any()) == gap


def test_neighbors_are_looked_at_before_the_training(monkeypatch):
    monkeypatch.setattr(deep_smote, "train_steps", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(InputError, match="n_neighbors is 0"):
        DeepSMOTE(0, **SMALL).fit_resample(np.zeros((9, 2)), [0] * 6 + [1] * 3)
