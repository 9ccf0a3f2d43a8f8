"""Every loss: finite in any precision, gradients, and what is refused."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from imbtorch import InputError
from imbtorch.losses import (
    FocalLoss,
    LDAMLoss,
    MicroClusterLoss,
    MultiLabelAsymmetricLoss,
    QuintupletLoss,
)
from loss_table import CLASS_LOSSES, COUNTS, EVERY, LOGITS, MOVED, WEIGHT, K, Y, micro

class_loss = pytest.mark.parametrize("make", CLASS_LOSSES.values(), ids=CLASS_LOSSES)
every_loss = pytest.mark.parametrize("row", EVERY.values(), ids=EVERY)
weighted = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
reductions = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


@every_loss
@pytest.mark.parametrize("size", [8.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_value_and_gradient_are_finite_in_any_precision(row, size, dtype):
    signs = torch.tensor([[1, -1, 1, -1], [-1, 1, 1, 1], [1, 1, 1, 1]])
    for sign in (*signs, *-signs):
        x = (size * sign.expand(6, K)).to(dtype)
        x.requires_grad_()
        value = row.call(x, row.y)
        (slope,) = torch.autograd.grad(value, x)
        assert value.isfinite()
        assert slope.isfinite().all()
        assert value.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert slope.dtype == dtype


@every_loss
def test_half_precision_is_computed_in_float32(row):
    for dtype in (torch.float16, torch.bfloat16):
        x = row.x.to(dtype)
        torch.testing.assert_close(row.call(x, row.y), row.call(x.float(), row.y), rtol=0, atol=0)


@every_loss
def test_gradients_are_those_of_finite_differences(row):
    call = row.differentiable or row.call
    assert torch.autograd.gradcheck(lambda x: call(x, row.y), row.x.clone().requires_grad_())


@every_loss
def test_a_batch_without_samples_is_refused(row):
    with pytest.raises(InputError, match="at least one sample"):
        row.call(row.x[:0], row.y[:0])


@pytest.mark.parametrize("name", [n for n, row in EVERY.items() if row.y.ndim == 1])
@pytest.mark.parametrize("label", [K, K + 7, -1, -101, 255])
def test_a_label_outside_the_classes_is_named(name, label):
    row, y = EVERY[name], Y.clone()
    y[3] = label
    if name == "quintuplet":  # which only compares labels
        assert row.call(row.x, y).isfinite()
        return
    with pytest.raises(InputError, match=rf"label {label}; with logits of {K} classes.* 0\.\.3"):
        row.call(row.x, y)


@class_loss
@weighted
@reductions
def test_another_than_the_ignored_label_is_still_named(make, weight, reduction):
    loss = make(weight=weight, ignore_index=255, reduction=reduction)
    with pytest.raises(InputError, match=r"label -100; .* 0\.\.3, or ignore_index=255"):
        loss(LOGITS.view(2, 3, K).transpose(1, 2), torch.tensor([[0, -100, 1], [255, 2, 3]]))


@pytest.mark.parametrize("wrong", [1.01, -0.5, -100, torch.nan])
def test_multi_label_targets_outside_the_unit_interval_are_refused(wrong):
    y = F.one_hot(Y, K).double()
    y[2, 1] = wrong
    with pytest.raises(InputError, match=rf"y holds the target {wrong}.* must be in 0\.\.1"):
        MultiLabelAsymmetricLoss()(LOGITS, y)
    each = torch.func.vmap(lambda z, t: MultiLabelAsymmetricLoss()(z[None], t[None]))(LOGITS, y)
    assert each.isnan().tolist() == [False, False, True, False, False, False]


def test_multi_label_reductions_and_checks():
    y = F.one_hot(Y, K)
    each = MultiLabelAsymmetricLoss(reduction="none")(LOGITS, y)
    assert each.shape == LOGITS.shape
    torch.testing.assert_close(MultiLabelAsymmetricLoss(reduction="sum")(LOGITS, y), each.sum())
    torch.testing.assert_close(MultiLabelAsymmetricLoss()(LOGITS, y), each.sum() / len(y))
    for weight in ([1.0], [1.0] * (K + 1)):
        with pytest.raises(InputError, match=f"for {len(weight)} classes"):
            MultiLabelAsymmetricLoss(weight=weight)(LOGITS, y)
    for logits, said in ((LOGITS.long(), "float"), (LOGITS.numpy(), "ndarray")):
        with pytest.raises(InputError, match=said):
            MultiLabelAsymmetricLoss()(logits, y)


@class_loss
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reduction": "avg"}, "reduction is 'avg'; it must be 'none', 'mean' or 'sum'"),
        ({"ignore_index": 1.5}, "ignore_index is 1.5"),
        ({"ignore_index": None}, "ignore_index is None"),
    ],
)
def test_bad_arguments_are_named(make, wrong, said):
    with pytest.raises(InputError, match=said):
        make(**wrong)


@pytest.mark.parametrize("name", [*MOVED, "asymmetric"])
@pytest.mark.parametrize("smoothing", [-0.1, 1.1, torch.nan])
def test_smoothing_beyond_all_is_refused(name, smoothing):
    with pytest.raises(InputError, match="label_smoothing is"):
        CLASS_LOSSES[name](label_smoothing=smoothing)


@pytest.mark.parametrize("inner", [FocalLoss(), LDAMLoss(COUNTS), nn.CrossEntropyLoss(), None])
def test_the_micro_cluster_loss_names_labels_whatever_its_inner_loss(inner):
    loss = MicroClusterLoss(loss=inner)
    with pytest.raises(InputError, match="the label 9"):
        micro(loss, LOGITS, Y.clone().fill_(9))


def test_clusters_may_be_numbered_within_their_class():
    within, overall = torch.tensor([0, 0, 0, 0, 1, 1]), torch.tensor([0, 1, 2, 3, 4, 5])
    labels = torch.tensor([0, 0, 1, 1, 0, 1])
    overall = within + 2 * labels
    loss = QuintupletLoss()
    assert torch.equal(loss(LOGITS, labels, within), loss(LOGITS, labels, overall))
