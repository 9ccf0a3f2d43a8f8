"""The class shares that a trained network expects are those of what its head was shown."""

from functools import partial

import numpy as np
import pytest
import torch
from imblearn.under_sampling import RandomUnderSampler
from torch import nn

from imbtorch import InputError, Recipe, RefitHead, Train, make_recipe
from imbtorch.losses import DBMLoss, LogitAdjustedLoss
from imbtorch.resampling.apply import counts_after
from imbtorch.resampling.names import make_over_sampler
from imbtorch.transforms import Remix

COUNTS = [90, 10]


@pytest.mark.parametrize(
    ("recipe", "shares"),
    [
        ("dbm:tau=0", [0.5, 0.5]),  # its tau is of the margins: the prior is taken out whole
        ("dbm:tau=0.5", [0.5, 0.5]),
        ("logit-adjustment:tau=0", [0.9, 0.1]),
        ("logit-adjustment:tau=0.5", [0.75, 0.25]),
        ("ros:sampling_strategy=0.8", [90 / 162, 72 / 162]),
        ("head:smote:sampling_strategy=0.5", [90 / 135, 45 / 135]),
        ("smote", [0.5, 0.5]),
        ("eos", [0.5, 0.5]),
    ],
)
def test_by_name(recipe, shares):
    assert make_recipe(recipe, 5).class_shares(COUNTS) == pytest.approx(shares)


def test_of_objects():
    for loss, shares in (
        (DBMLoss(COUNTS, tau=0.0), [0.5, 0.5]),
        (LogitAdjustedLoss(COUNTS, 0.5), [0.75, 0.25]),
        (partial(LogitAdjustedLoss, COUNTS, 0.0), [0.9, 0.1]),
    ):
        assert Recipe("own", [Train(1, loss=loss)]).class_shares(COUNTS) == pytest.approx(shares)
    fewer = Recipe("own", [Train(1), RefitHead(resample=RandomUnderSampler(sampling_strategy=0.5))])
    assert fewer.class_shares(COUNTS) == pytest.approx([2 / 3, 1 / 3])


def test_a_round_that_balances_is_warned_of_a_loss_that_does_too():
    with pytest.warns(UserWarning, match="BalancedSoftmaxLoss .* with a sampler .* for twice"):
        recipe = make_recipe("balanced-softmax+dos", 5)
    assert recipe.class_shares(COUNTS) == pytest.approx([0.1, 0.9])
    assert make_recipe("focal+dos", 5).class_shares(COUNTS) == [0.5, 0.5]


@pytest.mark.parametrize("name", ["ros", "smote", "borderline-smote", "svm-smote", "eos"])
def test_a_ratio_is_taken_whatever_the_data(name):
    assert make_over_sampler(f"{name}:sampling_strategy=0.5").sampling_strategy == 0.5
    with pytest.raises(InputError, match="sampling_strategy"):
        make_over_sampler(f"{name}:sampling_strategy=1.5")


def test_a_ratio_that_would_remove_samples_is_refused():
    sampler = partial(RandomUnderSampler, sampling_strategy=0.05)
    with pytest.raises(InputError, match="ratio"):
        counts_after(sampler, COUNTS)


@pytest.mark.parametrize(
    "options",
    [{}, {"tau": 0.9}, {"alpha": 0.3, "kappa": 2.0}, {"kappa": 1.0, "tau": 0.7}, {"tau": 0.0}],
)
def test_remix_shows_the_shares_that_it_says(options):
    counts = [60, 30, 10]
    y = torch.repeat_interleave(torch.arange(3), torch.tensor(counts))
    remix, x = Remix(counts, **options, seed=0), torch.zeros(100, 1)
    found = torch.stack([remix(x, y, nn.Identity())[1].mean(0) for _ in range(3000)]).mean(0)
    said = Remix.label_shares(counts, counts, **options)
    np.testing.assert_allclose(found, said, atol=0.01)
    assert sum(said) == pytest.approx(1)
    recipe = Recipe("own", [Train(1, batch=partial(Remix, **options))])
    assert recipe.class_shares(counts) == pytest.approx(said)
