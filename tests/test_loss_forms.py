"""Focal, asymmetric, balanced softmax, logit-adjusted and CDT losses against closed forms."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError, Recipe, Train, fit
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    DBMLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    inverse_frequency_weights,
)
from imbtorch.losses.cross_entropy import averaged_by_weight
from imbtorch.models import mlp

COUNTS = [81, 16, 3]
LOGITS = torch.tensor([[0.8, -0.1, 0.4], [0.3, 2.4, -1.0], [-0.5, 0.9, 0.1], [1.5, 0.2, 0.0]])
Y = torch.tensor([0, 0, 2, 1])
WEIGHTS = [None, torch.tensor([0.5, 1.0, 1.5])]


def softmax(z):
    total = sum(math.exp(v) for v in z)
    return [math.exp(v) / total for v in z]


def weighted_mean(sample_loss, weight):
    w = [1.0] * 3 if weight is None else weight.tolist()
    pairs = [(w[k], sample_loss(z, k)) for z, k in zip(LOGITS.tolist(), Y.tolist(), strict=True)]
    return sum(a * b for a, b in pairs) / sum(a for a, _ in pairs)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_equals_the_formula_and_its_weight_stays_out_of_p(gamma, weight):
    def form(z, k):
        p = softmax(z)[k]
        return -((1 - p) ** gamma) * math.log(p)

    value = FocalLoss(gamma, weight)(LOGITS, Y).item()
    assert value == pytest.approx(weighted_mean(form, weight), rel=1e-5)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("gamma_pos", "gamma_neg"), [(0.0, 4.0), (1.0, 2.0), (0.5, 0.5)])
def test_asymmetric_equals_the_formula(gamma_pos, gamma_neg, weight):
    def form(z, y):
        total = 0.0
        for k, p in enumerate(softmax(z)):
            target = 0.9 * (k == y) + 0.1 / 3
            factor = (1 - p) ** gamma_pos if k == y else p**gamma_neg
            total -= target * factor * math.log(p)
        return total

    value = AsymmetricLoss(gamma_pos, gamma_neg, weight)(LOGITS, Y).item()
    assert value == pytest.approx(weighted_mean(form, weight), rel=1e-5)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_balanced_softmax_equals_the_formula(weight):
    def form(z, y):
        terms = [n * math.exp(v) for n, v in zip(COUNTS, z, strict=True)]
        return -math.log(terms[y] / sum(terms))

    value = BalancedSoftmaxLoss(COUNTS, weight)(LOGITS, Y).item()
    assert value == pytest.approx(weighted_mean(form, weight), rel=1e-5)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("tau", [0.5, 2.0])
def test_logit_adjustment_equals_the_formula(tau, weight):
    def form(z, y):
        moved = [v + tau * math.log(n / 100) for n, v in zip(COUNTS, z, strict=True)]
        return -math.log(softmax(moved)[y])

    value = LogitAdjustedLoss(COUNTS, tau, weight)(LOGITS, Y).item()
    assert value == pytest.approx(weighted_mean(form, weight), rel=1e-5)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("gamma", [0.25, 1.0])
def test_cdt_equals_the_formula(gamma, weight):
    def form(z, y):
        cooled = [v / (81 / n) ** gamma for n, v in zip(COUNTS, z, strict=True)]
        return -math.log(softmax(cooled)[y])

    value = CDTLoss(COUNTS, gamma, weight)(LOGITS, Y).item()
    assert value == pytest.approx(weighted_mean(form, weight), rel=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        FocalLoss(gamma=0.0),
        LogitAdjustedLoss(COUNTS, tau=0.0),
        CDTLoss(COUNTS, gamma=0.0),
        BalancedSoftmaxLoss([7, 7, 7]),
        LogitAdjustedLoss([7, 7, 7]),
        CDTLoss([7, 7, 7]),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_without_its_parameter_or_without_imbalance_a_loss_is_cross_entropy(loss):
    torch.testing.assert_close(loss(LOGITS, Y), F.cross_entropy(LOGITS, Y))


@given(st.lists(st.integers(1, 10**6), min_size=3, max_size=3))
def test_balanced_softmax_is_logit_adjustment_with_tau_one(counts):
    torch.testing.assert_close(
        BalancedSoftmaxLoss(counts)(LOGITS, Y), LogitAdjustedLoss(counts)(LOGITS, Y)
    )


@pytest.mark.parametrize("loss", [FocalLoss(0.5), AsymmetricLoss(0.5, 0.5)])
@pytest.mark.parametrize("size", [0.0, 200.0])
def test_certain_and_uniform_logits_have_finite_gradients(loss, size):
    logits = (size * F.one_hot(Y, 3)).float().requires_grad_()
    loss(logits, Y).backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    "loss",
    [BalancedSoftmaxLoss(COUNTS), LogitAdjustedLoss(COUNTS), CDTLoss(COUNTS)],
    ids=lambda loss: type(loss).__name__,
)
def test_mixed_labels_give_the_mixed_loss(loss):
    other = torch.tensor([1, 2, 0, 0])
    mixed = 0.3 * F.one_hot(Y, 3).float() + 0.7 * F.one_hot(other, 3).float()
    expected = 0.3 * loss(LOGITS, Y) + 0.7 * loss(LOGITS, other)
    torch.testing.assert_close(loss(LOGITS, mixed), expected)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize(
    "make",
    [
        lambda *a, **k: averaged_by_weight(nn.CrossEntropyLoss(*a, **k)),
        *(partial(loss, COUNTS) for loss in (BalancedSoftmaxLoss, CDTLoss, LDAMLoss, DBMLoss)),
    ],
    ids=["cross-entropy", "balanced-softmax", "cdt", "ldam", "dbm"],
)
def test_the_mean_of_mixed_labels_is_over_their_weights(make, smoothing, many, monkeypatch):
    monkeypatch.setattr("imbtorch.losses.blocks.BLOCK", 3 if many else 2**17)
    w, z, other = torch.tensor([0.5, 1.0, 1.5]), (LOGITS / 3), torch.tensor([1, 2, 0, 0])
    p = 0.3 * F.one_hot(Y, 3) + 0.7 * F.one_hot(other, 3)
    loss, total = (make(weight=w, label_smoothing=smoothing, reduction=r) for r in ("mean", "sum"))
    torch.testing.assert_close(loss(z, F.one_hot(Y, 3).float()), loss(z, Y))
    expected = 0.3 * total(z, Y) + 0.7 * total(z, other)
    weights = 0.3 * w[Y].sum() + 0.7 * w[other].sum()
    torch.testing.assert_close(loss(z, p), expected / weights)


def test_training_with_class_weights_takes_one_hot_labels_as_labels(blobs):
    def trained(batch):
        network = mlp((2,), 3, seed=0)
        phase = Train(2, weights=inverse_frequency_weights, batch=batch)
        return fit(Recipe("rw", [phase]), network, blobs).history

    labels = trained(None)
    one_hot = trained(lambda: lambda x, y, model: (x, F.one_hot(y, 3).float()))
    assert [row["loss"] for row in one_hot] == pytest.approx([row["loss"] for row in labels])


@pytest.mark.parametrize("loss", [FocalLoss(), AsymmetricLoss()])
def test_losses_of_one_class_a_sample_refuse_mixed_labels(loss):
    with pytest.raises(InputError, match=type(loss).__name__):
        loss(LOGITS, torch.full((4, 3), 1 / 3))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (partial(FocalLoss, gamma=-1.0), "gamma"),
        (partial(AsymmetricLoss, gamma_pos=-1.0), "gamma_pos"),
        (partial(AsymmetricLoss, gamma_neg=float("nan")), "gamma_neg"),
        (partial(BalancedSoftmaxLoss, [3, 0]), "class_counts"),
        (partial(LogitAdjustedLoss, []), "class_counts"),
        (partial(LogitAdjustedLoss, [3, 1], tau=-0.1), "tau"),
        (partial(CDTLoss, [3, -1]), "class_counts"),
        (partial(CDTLoss, [3, 1], gamma=-0.1), "gamma"),
    ],
)
def test_bad_arguments_are_named(make, named):
    with pytest.raises(InputError, match=named):
        make()


@pytest.mark.parametrize(
    "make",
    [
        FocalLoss,
        AsymmetricLoss,
        partial(BalancedSoftmaxLoss, COUNTS),
        partial(LogitAdjustedLoss, COUNTS),
        partial(CDTLoss, COUNTS),
    ],
)
def test_class_counts_and_weights_move_with_the_loss_and_are_not_trained(make):
    loss: nn.Module = make(weight=torch.ones(3)).to(torch.float64)
    assert all(b.dtype == torch.float64 for b in loss.buffers())
    assert loss(LOGITS.double(), Y).dtype == torch.float64
    assert not list(loss.parameters())
