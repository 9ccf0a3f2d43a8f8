"""LDAM and DBM of class probabilities: the mean of the losses of the classes, at any certainty."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import make_recipe
from imbtorch.losses import DBMLoss, LDAMLoss
from imbtorch.models import CosineHead
from loss_table import COUNTS, WEIGHT, K

LOSSES = pytest.mark.parametrize("make", [LDAMLoss, DBMLoss])
EACH = {"reduction": "none"}


def cosines(n, seed=0, dtype=torch.float64):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(n, K, generator=rng, dtype=dtype) * 1.98 - 0.99


def pairs(n, seed=0):
    """Probabilities of two classes a row, as Mixup makes them; sometimes both are the same."""
    rng = torch.Generator().manual_seed(seed)
    first, second = torch.nn.functional.one_hot(torch.randint(K, (2, n), generator=rng), K)
    share = torch.rand(n, 1, generator=rng, dtype=torch.float64)
    return share * first + (1 - share) * second


def by_label(loss, z, p):
    """The mean of the losses of all labels, one after the other."""
    return sum(p[:, k] * loss(z, torch.full((len(z),), k)) for k in range(K))


@LOSSES
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@given(seed=st.integers(0, 999), dense=st.booleans())
def test_the_loss_is_the_mean_of_its_labels_losses(make, weight, smoothing, seed, dense):
    loss = make(COUNTS, weight=weight, label_smoothing=smoothing, **EACH)
    z = cosines(8, seed).requires_grad_()
    p = cosines(8, seed + 1).softmax(1) if dense else pairs(8, seed)
    value, expected = loss(z, p), by_label(loss, z, p)
    torch.testing.assert_close(value, expected)
    slope, expected = (torch.autograd.grad(v.sum(), z)[0] for v in (value, expected))
    torch.testing.assert_close(slope, expected)


@LOSSES
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_of_one_hot_labels_it_is_the_plain_loss(make, smoothing, reduction, dtype):
    loss = make(COUNTS, label_smoothing=smoothing, reduction=reduction)
    z, y = cosines(32).to(dtype), torch.arange(32) % K
    one_hot = torch.nn.functional.one_hot(y, K).to(dtype)
    torch.testing.assert_close(loss(z, one_hot), loss(z, y))


@LOSSES
def test_certain_logits_have_exact_losses_and_gradients(make):
    # scaled by 30 the right class is all of the softmax in single precision
    ends = torch.tensor([[1.0, -1.0, -1.0, -1.0], [-1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, 1.0]])
    p = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])
    loss = make(COUNTS, **EACH)
    z = ends.clone().requires_grad_()
    value = loss(z, p)
    value.sum().backward()
    assert z.grad.isfinite().all()
    expected = by_label(loss, ends.double(), p.double())
    torch.testing.assert_close(value, expected.float())
    assert 0 < float(value[0].detach()) < 1e-20  # not rounded to nothing


@LOSSES
def test_each_class_has_its_own_margin(make):
    # the same cosines and half of each label: the rare class asks for more
    loss, z = make(COUNTS, **EACH), torch.full((2, K), 0.3)
    z[:, :2], shares = 0.2, torch.tensor([[0.5, 0.0, 0.5, 0.0], [0.5, 0.5, 0.0, 0.0]])
    slope = torch.func.grad(lambda z: loss(z, shares).sum())(z.double())
    assert slope[0, 2] < 0
    both = loss(z, shares)
    alone = torch.stack([loss(z, torch.full((2,), k)) for k in range(K)], 1)
    torch.testing.assert_close(both, (shares * alone).sum(1))


@LOSSES
def test_memory_does_not_grow_with_the_square_of_the_classes(make):
    classes, saved = 300, []
    z = torch.rand(4, classes, requires_grad=True)
    p = torch.full((4, classes), 1 / classes)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: saved.append(t.numel()) or t, lambda t: t
    ):
        make(range(1, classes + 1))(z, p)
    assert max(saved) <= z.numel()
    assert sum(saved) <= 40 * z.numel()


@LOSSES
def test_cosines_above_one_are_told_of_here_too(make):
    with pytest.warns(
        UserWarning, match=r"takes cosines in \[-1, 1\]; these logits reach 3"
    ) as seen:
        make(COUNTS)(torch.full((2, K), 3.0), torch.full((2, K), 1 / K))
    assert seen[0].filename == __file__


def test_mixed_recipes_have_their_head():
    for name in ("dbm+mixup", "ldam+remix", "dbm+cutmix"):
        assert make_recipe(name, 4).head is CosineHead
