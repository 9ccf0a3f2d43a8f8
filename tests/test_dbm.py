"""DBM's margins: closed forms of easy and hard samples, and what it is without them."""

from math import acos, cos, log, pi

import pytest
import torch

from imbtorch import InputError, make_recipe
from imbtorch.losses import BalancedSoftmaxLoss, DBMLoss
from imbtorch.models import CosineHead

COUNTS = [500, 50, 5]


def by_hand(cosines, y, margin):
    """The loss of one sample by the formula of the paper."""
    moved = [cos(acos(c) + (margin if k == y else 0)) for k, c in enumerate(cosines)]
    priors = [n / sum(COUNTS) for n in COUNTS]
    shifted = torch.tensor([32 * c + log(p) for c, p in zip(moved, priors, strict=True)])
    return float(torch.logsumexp(shifted, 0) - shifted[y])


@pytest.mark.parametrize(
    ("y", "cosines", "margin"),
    [
        (2, (0.1, 0.2, 0.6), 0.1),  # easy: the class's margin alone, the largest
        (2, (0.6, 0.2, 0.1), 0.1 * (1 + 0.45)),  # hard: and by its difficulty
        (1, (0.1, 0.6, 0.2), 0.1 / 10),
        (0, (-0.5, 0.6, 0.2), 0.1 / 100 * 1.75),
    ],
)
def test_the_margin_is_the_classes_and_more_for_hard_samples(y, cosines, margin):
    value = DBMLoss(COUNTS)(torch.tensor([cosines]), torch.tensor([y]))
    assert float(value) == pytest.approx(by_hand(cosines, y, margin), rel=1e-4, abs=1e-5)


def test_margins_fall_from_the_rarest_class_by_tau():
    assert DBMLoss(COUNTS, margin=0.3).margins.tolist() == pytest.approx([0.003, 0.03, 0.3])
    assert DBMLoss(COUNTS, tau=0.5).margins.tolist() == pytest.approx([0.01, 0.1 / 10**0.5, 0.1])


def test_without_margin_it_is_balanced_softmax_of_scaled_cosines():
    cosines, y = torch.rand(16, 3) * 1.8 - 0.9, torch.arange(16) % 3
    value = DBMLoss(COUNTS, margin=1e-9)(cosines, y)
    torch.testing.assert_close(value, BalancedSoftmaxLoss(COUNTS)(32 * cosines, y))


def test_gradients_are_finite_at_the_ends():
    cosines = torch.tensor([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]], requires_grad=True)
    DBMLoss(COUNTS)(cosines, torch.tensor([0, 0])).backward()
    assert cosines.grad.isfinite().all()


def test_the_margin_of_a_hard_sample_is_at_most_twice_the_classes():
    cosines, y = torch.tensor([[-1.0, 0.5, 0.5]]), torch.tensor([0])
    difficult = 2 * 0.1 / 100
    expected = by_hand((cos(pi - 1e-9), 0.5, 0.5), 0, difficult)
    assert float(DBMLoss(COUNTS)(cosines, y)) == pytest.approx(expected, rel=1e-3)


def test_the_recipe_has_a_cosine_head_and_takes_the_prior_out():
    recipe = make_recipe("dbm:margin=0.3", 4)
    assert recipe.head is CosineHead
    assert recipe.class_shares(COUNTS) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("wrong", [{"margin": 0}, {"scale": -1}, {"tau": -0.1}])
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        DBMLoss(COUNTS, **wrong)


def test_a_tie_is_not_hard_whichever_class_it_is():
    """With equal counts and cosines the loss is that of equal margins, in any order of classes."""
    loss = DBMLoss([3, 3])
    first, second = (loss(torch.zeros(1, 2), torch.tensor([y])) for y in (0, 1))
    torch.testing.assert_close(first, second)
    eased = 32 * torch.tensor(0.1).sin()  # cos(90° + m) = -sin m
    torch.testing.assert_close(first, torch.nn.functional.softplus(eased))
