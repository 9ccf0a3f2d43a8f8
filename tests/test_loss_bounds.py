"""Every loss: finite in any precision, gradients, and what is refused."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from imbtorch import InputError
from imbtorch.losses import (
    AsymmetricLoss,
    CDTLoss,
    DBMLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    MicroClusterLoss,
    MultiLabelAsymmetricLoss,
    QuintupletLoss,
)
from loss_table import CLASS_LOSSES, COUNTS, EVERY, LOGITS, MOVED, WEIGHT, K, Y, micro

pytestmark = pytest.mark.filterwarnings("ignore:.* takes cosines")  # given any logits

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


@pytest.mark.parametrize("name", [name for name in EVERY if name.startswith("micro")])
def test_the_micro_cluster_loss_ignores_no_label(name):
    y = Y.clone()
    y[3] = -100
    with pytest.raises(InputError, match=rf"label -100; with logits of {K} classes.* 0\.\.3"):
        EVERY[name].call(LOGITS, y)


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


HYPER_PARAMETERS = [
    (FocalLoss, "gamma"),
    (AsymmetricLoss, "gamma_pos"),
    (AsymmetricLoss, "gamma_neg"),
    (MultiLabelAsymmetricLoss, "gamma_pos"),
    (MultiLabelAsymmetricLoss, "gamma_neg"),
    (partial(LogitAdjustedLoss, COUNTS), "tau"),
    (partial(CDTLoss, COUNTS), "gamma"),
    (partial(LDAMLoss, COUNTS), "max_margin"),
    (partial(LDAMLoss, COUNTS), "scale"),
    (partial(DBMLoss, COUNTS), "margin"),
    (partial(DBMLoss, COUNTS), "tau"),
    (partial(DBMLoss, COUNTS), "scale"),
    (MicroClusterLoss, "alpha"),
]


@pytest.mark.parametrize(("make", "name"), HYPER_PARAMETERS)
@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan, -1, "4", None])
def test_a_hyper_parameter_is_a_finite_number(make, name, value):
    with pytest.raises(InputError, match=f"{name} is {value!r}; it must be finite and "):
        make(**{name: value})


@pytest.mark.parametrize("value", [torch.inf, torch.nan, "4"])
def test_the_margins_of_a_quintuplet_are_finite(value):
    with pytest.raises(InputError, match=r"margins is .*; it must be finite"):
        QuintupletLoss((0.1, value, 0.2))


@class_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_what_is_ignored_counts_for_nothing_even_if_it_is_nan(make, reduction):
    loss = make(reduction=reduction)
    for ignored in (slice(2, 4), slice(None)):
        x, y = LOGITS.clone(), Y.clone()
        x[ignored], y[ignored] = torch.nan, -100
        x.requires_grad_()
        value = loss(x, y)
        (slope,) = torch.autograd.grad(value.sum(), x)
        torch.testing.assert_close(value, loss(LOGITS, y), rtol=0, atol=0)
        assert (slope[ignored] == 0).all()
        assert slope.isfinite().all()


@pytest.mark.parametrize("gamma", [0.0, 0.3, 4.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_asymmetric_loss_of_a_masked_class_is_that_of_the_others(gamma, smoothing):
    loss = AsymmetricLoss(0.0, gamma, label_smoothing=smoothing)
    z = torch.tensor([[-torch.inf, 0.5, -1.0]], requires_grad=True)
    value = loss(z, torch.tensor([1]))
    if smoothing and not gamma:  # as cross-entropy with smoothing
        assert value == torch.inf
        return
    (slope,) = torch.autograd.grad(value, z)
    nearly = torch.tensor([[-1e4, 0.5, -1.0]], requires_grad=True)
    expected = loss(nearly, torch.tensor([1]))
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slope, torch.autograd.grad(expected, nearly)[0])
    assert loss(z, torch.tensor([0])) == torch.inf  # the right class is masked


@pytest.mark.parametrize("clip", [0.0, 0.05])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 4.0])
def test_multi_label_logits_without_end_on_the_right_side_cost_nothing(clip, gamma):
    z = torch.tensor([[torch.inf, -torch.inf]], requires_grad=True)
    value = MultiLabelAsymmetricLoss(gamma, gamma, clip=clip)(z, torch.tensor([[1.0, 0.0]]))
    assert value == 0
    assert (torch.autograd.grad(value, z)[0] == 0).all()


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
