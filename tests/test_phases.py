"""What the arguments of phases may be."""

import threading
from functools import partial

import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from torch import nn
from torch.utils.data import WeightedRandomSampler

from imbtorch import InputError, Recipe, RefitHead, Setup, Train, fit, make_recipe
from imbtorch.comparison.given_data import given_data
from imbtorch.comparison.own_network import OwnNetwork
from imbtorch.comparison.task import Task
from imbtorch.losses import FocalLoss, ProCo, inverse_frequency_weights
from imbtorch.models import mlp
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import ImbalancedClassifier
from imbtorch.transforms import Mixup


def test_whole_numbers_of_other_kinds_are_numbers_of_epochs(blobs):
    for epochs in (2.0, np.int64(2)):
        recipe = make_recipe("drs", epochs)
        assert recipe.describe() == make_recipe("drs", 2).describe()
        assert len(fit(recipe, mlp((2,), 3), blobs).history) == 2
    for phase in (Train, RefitHead):
        assert phase(np.int64(3)).describe() == phase(3.0).describe() == phase(3).describe()
        with pytest.raises(InputError, match=r"epochs is 1\.5"):
            phase(1.5)


def test_samplers_of_torch_train_a_network(blobs):
    def sampler(labels):
        return WeightedRandomSampler(1 / torch.bincount(labels)[labels], len(labels))

    for phase in (Train(1, sampler=sampler), RefitHead(1, sampler=sampler)):
        fit(Recipe("own", [Train(1), phase]), mlp((2,), 3), blobs)


@pytest.mark.parametrize("resample", [RandomOverSampler, RandomUnderSampler])
def test_a_sampler_draws_from_what_was_resampled(resample):
    x = torch.cat([torch.zeros(18, 2), torch.ones(4, 2)])
    y = torch.tensor([0] * 18 + [1] * 4)
    given, seen = [], []

    class Doubled:
        def fit_resample(self, X, y):
            made, labels = resample(random_state=0).fit_resample(X, y)
            return np.concatenate([made, made + 2]), np.concatenate([labels, labels])

    class Watched(ClassBalancedSampler):
        def __init__(self, labels, train, class_counts):
            super().__init__(labels)
            given.append((len(labels), len(train), sum(class_counts)))

    def watch(x, y, model):
        seen.append(x[:, 0])
        return x, y

    size = 72 if resample is RandomOverSampler else 16
    phase = Train(1, resample=Doubled(), sampler=Watched, batch=lambda labels: watch)
    fit(Recipe("both", [phase]), mlp((2,), 2), (x, y))
    counts = torch.cat(seen).long().bincount().tolist()
    assert counts == [size // 4] * 4  # each resampled row once
    fit(Recipe("both", [RefitHead(1, resample=Doubled(), sampler=Watched)]), mlp((2,), 2), (x, y))
    assert set(given[1::2]) == {(size, size, size)}  # each is made once ahead of training


def test_class_weights_need_a_loss_that_takes_them():
    class Plain(nn.CrossEntropyLoss):
        def __init__(self):
            super().__init__()

    weight = torch.ones(3)
    for loss in (
        nn.CrossEntropyLoss(),
        Plain,
        partial(nn.CrossEntropyLoss, weight=weight),
        partial(nn.CrossEntropyLoss, weight),
    ):
        with pytest.raises(InputError, match=r"^weights is given, and \w+ of loss cannot take it"):
            Train(1, loss=loss, weights=inverse_frequency_weights)
    Train(1, loss=partial(FocalLoss, 1.0), weights=inverse_frequency_weights)


@pytest.mark.parametrize(
    "slot",
    [{"batch": Mixup(3, seed=0)}, {"branch": ProCo([60, 20, 8], 64, views=0)}],
    ids=["batch", "branch"],
)
def test_no_run_of_several_begins_from_the_state_of_another(slot, blobs):
    recipe = Recipe("object", [Train(2, **slot)])

    def losses(recipe):
        result = fit(recipe, mlp((2,), 3, hidden=64, seed=0), blobs)
        return [row["loss"] for row in result.history]

    assert losses(recipe.copied()) == losses(recipe.copied()) == losses(recipe) != losses(recipe)


def test_comparisons_and_estimators_train_by_copies(blobs):
    x, y = blobs
    recipe, model = Recipe("object", [Train(1, batch=Mixup(3, seed=0))]), mlp((2,), 3)
    given = given_data(((x, y), (x, y)))
    task = Task(given, 0, "own", 1, Setup(), "none", "32-true", origin=OwnNetwork(model))
    own = ImbalancedClassifier(recipe, model=model, random_state=0)
    for losses in (
        [task.fit(recipe, 0).history[0]["loss"] for _ in range(2)],
        [own.fit(x.numpy(), y.numpy()).history_[0]["loss"] for _ in range(2)],
    ):
        assert losses[0] == losses[1]


def test_what_cannot_be_copied_is_refused():
    loss = nn.CrossEntropyLoss()
    loss.lock = threading.Lock()
    with pytest.raises(InputError, match=r"recipe locked holds an object that cannot be copied"):
        Recipe("locked", [Train(1, loss=loss)]).copied()
