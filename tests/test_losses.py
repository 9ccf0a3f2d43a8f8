"""Losses and class weights against closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError, Recipe, Setup, Train, fit
from imbtorch.losses import (
    DBMLoss,
    LDAMLoss,
    effective_number_weights,
    inverse_frequency_weights,
    ldam_margins,
)
from imbtorch.models import CosineHead, mlp

COUNTS = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]


@pytest.mark.parametrize(
    ("weights", "closed_form"),
    [
        (inverse_frequency_weights, lambda n: 1 / n),
        (effective_number_weights, lambda n: (1 - 0.9999) / (1 - 0.9999**n)),
        (
            lambda counts: effective_number_weights(counts, beta=0.99),
            lambda n: (1 - 0.99) / (1 - 0.99**n),
        ),
    ],
    ids=["RW", "CB-RW .9999", "CB-RW .99"],
)
def test_weights_equal_the_formula_and_have_mean_one(weights, closed_form):
    expected = torch.tensor([closed_form(n) for n in COUNTS], dtype=torch.float64)
    expected = (expected / expected.mean()).float()
    torch.testing.assert_close(weights(COUNTS), expected)
    assert weights(COUNTS).mean().item() == pytest.approx(1)


def test_effective_number_without_overlap_weighs_all_classes_alike():
    torch.testing.assert_close(effective_number_weights([9, 4, 1], beta=0.0), torch.ones(3))


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=30))
def test_rarer_classes_never_weigh_less(counts):
    for weights in (inverse_frequency_weights(counts), effective_number_weights(counts)):
        assert torch.isfinite(weights).all()
        ordered = weights[torch.tensor(counts).argsort(stable=True)]
        assert (ordered.diff() <= 1e-5).all()


@pytest.mark.parametrize("counts", [[], [3, 0], [[1, 2]]])
@pytest.mark.parametrize(
    "function", [inverse_frequency_weights, effective_number_weights, ldam_margins]
)
def test_empty_classes_are_refused(function, counts):
    with pytest.raises(InputError, match="counts"):
        function(counts)


def test_margins_fall_with_the_fourth_root_of_the_count():
    margins = ldam_margins(COUNTS, max_margin=0.5)
    assert margins.max().item() == pytest.approx(0.5)
    constants = margins.double() * torch.tensor(COUNTS, dtype=torch.float64) ** 0.25
    torch.testing.assert_close(constants, constants[:1].expand(10), rtol=1e-6, atol=0)


@pytest.mark.parametrize("weight", [None, torch.tensor([0.5, 1.5])])
def test_ldam_equals_the_formula(weight):
    cosines = torch.tensor([[0.8, -0.1], [0.3, 0.4], [-0.5, 0.9]])
    y = torch.tensor([0, 0, 1])
    counts, margin, scale = [81, 16], 0.5, 30.0
    deltas = [margin * 2 / 3, margin]  # 16^(1/4) = 2, 81^(1/4) = 3
    losses = []
    for z, k in zip(cosines.tolist(), y.tolist(), strict=True):
        moved = [scale * (v - (deltas[k] if j == k else 0)) for j, v in enumerate(z)]
        losses.append(math.log(sum(math.exp(v) for v in moved)) - moved[k])
    w = [1.0, 1.0] if weight is None else weight.tolist()
    weights = [w[k] for k in y.tolist()]
    expected = sum(a * b for a, b in zip(weights, losses, strict=True)) / sum(weights)
    loss = LDAMLoss(counts, max_margin=margin, scale=scale, weight=weight)
    assert loss(cosines, y).item() == pytest.approx(expected, rel=1e-5)


def test_ldam_with_a_vanishing_margin_is_cross_entropy_of_scaled_cosines():
    cosines, y = torch.rand(5, 10) * 2 - 1, torch.arange(5)
    loss = LDAMLoss(COUNTS, max_margin=1e-9)
    torch.testing.assert_close(loss(cosines, y), F.cross_entropy(30 * cosines, y))


def test_ldam_refuses_bad_arguments():
    with pytest.raises(InputError, match="scale"):
        LDAMLoss([2, 1], scale=0)
    with pytest.raises(InputError, match="max_margin"):
        LDAMLoss([2, 1], max_margin=-1)


def test_cosine_head_knows_directions_only():
    head, x = CosineHead(6, 4), torch.randn(3, 6)
    torch.testing.assert_close(head(x), head(7 * x))
    with torch.no_grad():
        before = head(x)
        head.weight.mul_(5)
    torch.testing.assert_close(head(x), before)
    torch.testing.assert_close(head(head.weight).diagonal(), torch.ones(4))


@pytest.mark.parametrize("kind", [LDAMLoss, DBMLoss])
def test_losses_of_cosines_warn_once_of_a_head_without_them(kind):
    loss, y = kind(COUNTS), torch.tensor([0, 1])
    small = torch.full((2, len(COUNTS)), 0.9)
    for _ in range(6):
        loss(small, y)  # a plain head begins with small logits
    loss(9 * small, y)  # the seventh call is not looked at, which would wait for the device
    with pytest.warns(UserWarning, match=f"{kind.__name__} takes cosines.*reach 8.1.*CosineHead"):
        loss(9 * small, y)
    loss(9 * small, y)
    ignored = torch.tensor([0, -100])
    kind(COUNTS)(small * torch.tensor([[1.0], [9.0]]), ignored)


def test_a_plain_head_is_told_of_while_it_trains(blobs):
    recipe = Recipe("mine", [Train(5, loss=LDAMLoss)])
    with pytest.warns(UserWarning, match="CosineHead"):
        fit(recipe, mlp((2,), 3), blobs, setup=Setup(batch_size=16))
    fit(Recipe("mine", recipe.phases, CosineHead), mlp((2,), 3), blobs)
