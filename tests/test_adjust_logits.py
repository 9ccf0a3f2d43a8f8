"""Post-hoc logit adjustment: its closed form, its decisions, and how far its shares are right."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError, Recipe, RefitHead, Train, fit, make_recipe
from imbtorch.comparison.tune import candidates_of
from imbtorch.metrics.prior import correct_prior
from imbtorch.models import CosineHead, build_model, mlp, predict_logits
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import AdjustLogits, adjust_logits

COUNTS = [60, 20, 8]


@given(
    st.lists(st.integers(1, 10**6), min_size=2, max_size=6),
    st.floats(0, 5),
    st.booleans(),
)
def test_logits_are_lower_by_tau_times_the_log_prior(counts, tau, bias):
    head = nn.Linear(4, len(counts), bias=bias).double()
    kept = {name: value.clone() for name, value in head.state_dict().items()}
    h = torch.linspace(-2, 2, 20, dtype=torch.float64).reshape(5, 4)
    prior = torch.tensor(counts, dtype=torch.float64) / sum(counts)
    made = adjust_logits(head, counts, tau)
    torch.testing.assert_close(made(h), head(h) - tau * prior.log())
    assert all(torch.equal(value, kept[name]) for name, value in head.state_dict().items())


def test_calibrated_logits_give_the_balanced_bayes_rule():
    """Gaussians of one covariance: the true posterior is linear, the balanced rule nearest mean."""
    means, prior = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]), torch.tensor(COUNTS) / 88
    head = nn.Linear(2, 3)
    with torch.no_grad():
        head.weight.copy_(means)
        head.bias.copy_(prior.log() - means.square().sum(1) / 2)
    x = torch.randn(500, 2, generator=torch.Generator().manual_seed(0)) * 2 + 0.7
    nearest = torch.cdist(x, means).argmin(1)
    assert torch.equal(adjust_logits(head, COUNTS)(x).argmax(1), nearest)
    assert not torch.equal(head(x).argmax(1), nearest)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_the_recipe_adjusts_plain_training_and_knows_its_shares(tau, blobs):
    def logits(recipe):
        model = fit(recipe, build_model("mlp", (2,), 3, seed=0), blobs, epochs=3, seed=1).model
        return predict_logits(model, blobs)[0].double()

    plain, made = logits("erm"), logits(f"post-hoc:tau={tau}")
    prior = torch.tensor(COUNTS).double() / 88
    torch.testing.assert_close(made, plain - tau * prior.log(), atol=1e-5, rtol=1e-5)
    recipe = make_recipe(f"post-hoc:tau={tau}", 3)
    shares = np.array(recipe.class_shares(COUNTS))
    np.testing.assert_allclose(shares, (prior ** (1 - tau) / (prior ** (1 - tau)).sum()).numpy())
    back = correct_prior(made.softmax(1).numpy(), shares, prior.numpy())
    np.testing.assert_allclose(back, plain.softmax(1).numpy(), atol=1e-5)


def test_the_shares_before_the_phase_count():
    with pytest.warns(UserWarning, match="made up for twice"):
        recipe = make_recipe("logit-adjustment:tau=0.25+post-hoc:tau=0.25", 5)
    after = recipe.class_shares(COUNTS)
    np.testing.assert_allclose(after, make_recipe("post-hoc:tau=0.5", 5).class_shares(COUNTS))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("balanced-softmax+post-hoc", "BalancedSoftmaxLoss"),
        ("strong-fast+post-hoc", "BalancedSoftmaxLoss"),
        ("drs+post-hoc", "a sampler"),
        ("drw+post-hoc:tau=0.5", "class weights"),
        ("ros+post-hoc", "over-sampling"),
        ("dos+post-hoc", "a sampler"),
    ],
)
def test_shares_that_are_made_up_for_before_it_are_warned_of(name, what):
    with pytest.warns(UserWarning, match=f"AdjustLogits .*; after {what} they are made up for twi"):
        make_recipe(name, 10)


def test_plain_training_before_it_is_not_warned_of():
    for name in ("post-hoc:tau=2", "autoaugment+cosine+ema+post-hoc", "drs+post-hoc:tau=0"):
        make_recipe(name, 10)
    with pytest.warns(UserWarning, match="after a sampler"):
        Recipe("own", [Train(1), RefitHead(1, sampler=ClassBalancedSampler), AdjustLogits()])


def test_tau_is_chosen_by_tune_among_more_and_less_than_one():
    values = candidates_of("cosine+ema+post-hoc")["tau"]
    assert min(values) < 1 < max(values)


def test_what_cannot_be_adjusted_is_refused(blobs):
    for name in ("dbm+post-hoc", "ldam+drw+post-hoc", "ldam+tau-norm"):
        with pytest.raises(InputError, match=r"linear head, and \w+ has a head of cosines"):
            make_recipe(name)
    recipe = Recipe("own", [Train(1), AdjustLogits()], CosineHead)
    with pytest.raises(InputError, match=r"AdjustLogits takes .* linear head, .* a CosineHead"):
        fit(recipe, mlp((2,), 3), blobs)
    with pytest.raises(InputError, match="tau is -1; it must be finite and at least 0"):
        AdjustLogits(-1)
    with pytest.raises(InputError, match="class_counts has 2 classes; the head has 3"):
        adjust_logits(nn.Linear(2, 3), [3, 4])
    with pytest.raises(InputError, match="every class needs a count of at least 1"):
        adjust_logits(nn.Linear(2, 2), [3, 0])
