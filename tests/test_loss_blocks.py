"""Losses of many logits are those of few: by blocks of rows, without a copy of the whole."""

import pytest
import torch
import torch.nn.functional as F

from imbtorch import InputError
from imbtorch.losses import AsymmetricLoss, FocalLoss, MultiLabelAsymmetricLoss
from imbtorch.losses import blocks as in_blocks
from imbtorch.losses.blocks import by_blocks
from loss_table import CLASS_LOSSES, MIXED, MOVED, WEIGHT, K

pytestmark = pytest.mark.filterwarnings("ignore:.* takes cosines")  # given any logits
class_loss = pytest.mark.parametrize("name", CLASS_LOSSES)
reductions = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
RNG = torch.Generator().manual_seed(0)
Z = torch.randn(11, K, generator=RNG, dtype=torch.float64)
Y = torch.randint(K, (11,), generator=RNG)


def gradient(loss, z, y):
    z = z.clone().requires_grad_()
    value = loss(z, y)
    (slope,) = torch.autograd.grad(value.double().pow(2).sum(), z)
    return value.detach(), slope


def both(monkeypatch, loss, z, y):
    """Return value and gradient of the whole, and by blocks of two rows."""
    whole = gradient(loss, z, y)
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    calls = []
    monkeypatch.setattr(in_blocks._ByBlocks, "setup_context", recorded(calls))
    divided = gradient(loss, z, y)
    assert calls
    return whole, divided


def recorded(calls, inner=in_blocks._ByBlocks.setup_context):
    return staticmethod(lambda *given: (calls.append(1), inner(*given))[1])


@class_loss
@reductions
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("ignored", [-100, 1])
def test_blocks_add_up_to_the_whole(monkeypatch, name, reduction, weight, smoothing, ignored):
    smoothed = {"label_smoothing": smoothing} if name in MOVED or name == "asymmetric" else {}
    loss = CLASS_LOSSES[name](weight=weight, reduction=reduction, ignore_index=ignored, **smoothed)
    y = Y.clone()
    y[[0, 5]] = ignored
    z = Z.clone()
    z[0] = torch.nan
    (value, slope), (in_parts, slope_in_parts) = both(monkeypatch, loss, z, y)
    torch.testing.assert_close(in_parts, value, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope_in_parts, slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@reductions
def test_class_probabilities_are_divided_as_well(monkeypatch, name, weight, reduction):
    loss = CLASS_LOSSES[name](weight=weight, reduction=reduction, label_smoothing=0.1)
    y = torch.rand(11, K, generator=RNG, dtype=torch.float64)
    (value, slope), (in_parts, slope_in_parts) = both(monkeypatch, loss, Z, y)
    torch.testing.assert_close(in_parts, value, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope_in_parts, slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_classes_that_are_masked_and_samples_that_are_sure(monkeypatch, smoothing):
    """A probability of 0 or 1 is one of the ends where powers have no slope."""
    z = Z.clone()
    z[:, 2] = -torch.inf
    z[3, 1], z[4, 0] = 800.0, -900.0
    y = Y.masked_fill(Y == 2, 1)
    for loss in (FocalLoss(0.5), AsymmetricLoss(0.5, 4.0, label_smoothing=smoothing)):
        monkeypatch.undo()
        (value, slope), (in_parts, slope_in_parts) = both(monkeypatch, loss, z, y)
        torch.testing.assert_close(in_parts, value, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(slope_in_parts, slope, rtol=1e-10, atol=1e-12)


@class_loss
def test_slopes_are_right_to_the_second_order(monkeypatch, name):
    loss = CLASS_LOSSES[name](reduction="none")
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    z = (Z[:5] / 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss(z, Y[:5]), z)
    assert torch.autograd.gradgradcheck(lambda z: loss(z, Y[:5]), z)


@class_loss
def test_blocks_and_vmap(monkeypatch, name):
    loss = CLASS_LOSSES[name]()
    z, y = Z[:8].view(2, 4, K) / 5, Y[:8].view(2, 4)
    few = torch.func.vmap(torch.func.grad_and_value(loss))(z, y)
    one = torch.func.vmap(loss, (None, 0))(z[0], y)
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad_and_value(loss))(z, y), few)
    torch.testing.assert_close(torch.func.vmap(loss, (None, 0))(z[0], y), one)


def test_a_number_of_the_loss_that_learns_has_its_gradient(monkeypatch):
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    loss = FocalLoss()
    loss.gamma = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    loss(Z, Y).backward()
    assert loss.gamma.grad < 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@class_loss
def test_half_precision_has_the_right_value_and_slope(monkeypatch, name, dtype):
    """Only the logits given and the slopes returned are in half precision."""
    z = torch.randn(300, K, generator=RNG).clamp(-1, 1).to(dtype)
    y = torch.randint(K, (300,), generator=RNG)
    loss = CLASS_LOSSES[name]()
    value, slope = gradient(loss, z.double(), y)
    monkeypatch.setattr(in_blocks, "BLOCK", 16 * K)
    made, made_slope = gradient(loss, z, y)
    assert made.dtype == torch.float32
    assert made_slope.dtype == dtype
    torch.testing.assert_close(made.double(), value, rtol=1e-5, atol=0)
    near = torch.finfo(dtype).eps
    torch.testing.assert_close(made_slope.double(), slope, rtol=near, atol=near * 1e-3)


def test_a_wrong_label_is_named(monkeypatch):
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    for make in CLASS_LOSSES.values():
        with pytest.raises(InputError, match="y holds the label 4"):
            make()(Z, Y.masked_fill(Y == 3, 4))


def test_functions_of_ones_own_by_blocks(monkeypatch):
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    each = lambda z, y: F.cross_entropy(z, y, reduction="none")  # noqa: E731
    value, slope = gradient(lambda z, y: by_blocks(z, y, each), Z, Y)
    expected, expected_slope = gradient(each, Z, Y)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slope, expected_slope)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_several_labels_per_sample(monkeypatch, reduction, weight):
    loss = MultiLabelAsymmetricLoss(1.0, 2.0, weight=weight, reduction=reduction)
    y = (torch.rand(11, K, generator=RNG) > 0.5).double()
    (value, slope), (in_parts, slope_in_parts) = both(monkeypatch, loss, Z, y)
    torch.testing.assert_close(in_parts, value, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope_in_parts, slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_only_the_label_that_is_ignored_is_ignored(monkeypatch, name):
    monkeypatch.setattr(in_blocks, "BLOCK", 2 * K)
    loss, z = CLASS_LOSSES[name](ignore_index=255), torch.randn(7, K)
    with pytest.raises(InputError, match="label -100"):
        loss(z, torch.tensor([0, -100, 1, 255, 2, 3, -100]))
