"""Losses of class labels: any shape, ignored labels, reductions, smoothing, as cross-entropy has.

The rows of loss_table.py drive these tests, and those of test_loss_bounds.py.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError, Recipe, Train, fit
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    DBMLoss,
    FocalLoss,
    LDAMLoss,
)
from imbtorch.models import mlp
from imbtorch.training.catalog import CATALOG
from imbtorch.training.slots import build, describe
from loss_table import CLASS_LOSSES, COUNTS, CROSS_ENTROPY, LOGITS, MIXED, MOVED, RNG, WEIGHT, K, Y

pytestmark = pytest.mark.filterwarnings("ignore:.* takes cosines")  # given any logits

KEPT = torch.tensor([True, False, True, True, False, True])
class_loss = pytest.mark.parametrize("make", CLASS_LOSSES.values(), ids=CLASS_LOSSES)
weighted = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
reductions = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


def with_ignored(label):
    return torch.where(KEPT, Y, label)


def gradient(loss, x, y):
    x = x.clone().requires_grad_()
    value = loss(x, y)
    value.sum().backward()
    return value.detach(), x.grad


def test_the_table_has_every_loss_of_the_catalog():
    named = {row.slots["loss"] for row in CATALOG.values() if row.kind == "loss"}
    assert named == {getattr(make, "func", make) for make in CLASS_LOSSES.values()}


@weighted
@reductions
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", CROSS_ENTROPY)
def test_without_its_parameter_every_loss_is_torchs_of_any_shape(
    name, shape, smoothing, reduction, weight
):
    smoothed = {"label_smoothing": smoothing} if name in MOVED else {}
    logits = torch.randn(4, K, *shape, generator=RNG, dtype=torch.float64)
    y = torch.randint(K, (4, *shape), generator=RNG)
    y[1] = 255
    same = {"ignore_index": 255, "reduction": reduction, **smoothed}
    value = CROSS_ENTROPY[name](weight=weight, **same)(logits, y)
    expected = F.cross_entropy(logits, y, None if weight is None else weight.double(), **same)
    assert value.shape == expected.shape
    torch.testing.assert_close(value, expected)


@class_loss
@weighted
@pytest.mark.parametrize("label", [-100, 255, -1, 1])
def test_what_is_ignored_counts_for_nothing(make, weight, label):
    loss, y = make(weight=weight, ignore_index=label), with_ignored(label)
    kept = y != label
    value, slope = gradient(loss, LOGITS, y)
    expected, expected_slope = gradient(loss, LOGITS[kept], y[kept])
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slope[kept], expected_slope)
    assert (slope[~kept] == 0).all()
    assert loss.ignore_index == label


@class_loss
@weighted
@reductions
@pytest.mark.parametrize("label", [-100, 0, K - 1])
def test_where_all_is_ignored_the_loss_is_zero_with_gradient_zero(make, weight, reduction, label):
    loss = make(weight=weight, ignore_index=label, reduction=reduction)
    value, slope = gradient(loss, LOGITS, torch.full_like(Y, label))
    assert (value == 0).all()
    assert (slope == 0).all()


@pytest.mark.parametrize("make", [BalancedSoftmaxLoss, LDAMLoss, CDTLoss, DBMLoss])
@reductions
def test_of_one_class_too(make, reduction):
    value = make([5], ignore_index=0, reduction=reduction)(torch.ones(3, 1), torch.zeros(3).long())
    assert (value == 0).all()


@class_loss
@weighted
def test_reductions_and_shapes_say_the_same(make, weight):
    each = make(weight=weight, reduction="none")(LOGITS, Y)
    assert each.shape == Y.shape
    torch.testing.assert_close(make(weight=weight, reduction="sum")(LOGITS, Y), each.sum())
    total = len(Y) if weight is None else weight[Y].sum().double()
    torch.testing.assert_close(make(weight=weight)(LOGITS, Y), each.sum() / total)
    # (6,) as an image of 2 x 3 pixels, as tokens of two texts
    image, tokens = LOGITS.T.reshape(1, K, 2, 3), LOGITS.reshape(2, 3, K).transpose(1, 2)
    torch.testing.assert_close(make(weight=weight)(image, Y.view(1, 2, 3)), each.sum() / total)
    none = make(weight=weight, reduction="none")
    torch.testing.assert_close(none(tokens, Y.view(2, 3)), each.view(2, 3))
    torch.testing.assert_close(none(image, Y.view(1, 2, 3)), each.view(1, 2, 3))


@given(st.data())
def test_ignoring_equals_leaving_out_in_any_shape(data):
    make = CLASS_LOSSES[data.draw(st.sampled_from(list(CLASS_LOSSES)))]
    shape = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    rng = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    logits = torch.rand(shape[0], K, *shape[1:], generator=rng) * 1.8 - 0.9
    y = torch.randint(-1, K, shape, generator=rng)
    kept = y != -1
    rows = logits.movedim(1, -1)[kept]
    expected = make()(rows, y[kept]) if len(rows) else torch.zeros(())
    torch.testing.assert_close(make(ignore_index=-1)(logits, y), expected)


@pytest.mark.parametrize("name", MOVED)
def test_label_smoothing_is_cross_entropys(name):
    loss = CLASS_LOSSES[name](label_smoothing=0.2, reduction="none")
    hard = CLASS_LOSSES[name](reduction="none")
    moved = loss._moved(LOGITS, Y)
    torch.testing.assert_close(hard(LOGITS, Y), F.cross_entropy(moved, Y, reduction="none"))
    expected = 0.8 * hard(LOGITS, Y) - 0.2 * moved.log_softmax(1).mean(1)
    torch.testing.assert_close(loss(LOGITS, Y), expected)


def test_the_asymmetric_loss_spreads_its_smoothing_over_focused_terms():
    log_p = LOGITS.log_softmax(1)
    own = -log_p.gather(1, Y[:, None])[:, 0]
    plain = AsymmetricLoss(0.0, 0.0, label_smoothing=0.2, reduction="none")(LOGITS, Y)
    torch.testing.assert_close(plain, 0.8 * own - 0.2 * log_p.mean(1))
    none = AsymmetricLoss(1.0, 4.0, label_smoothing=0.0, reduction="none")(LOGITS, Y)
    torch.testing.assert_close(none, (1 - (-own).exp()) * own)


@pytest.mark.parametrize("name", MIXED)
@reductions
def test_class_probabilities_may_have_any_shape_too(name, reduction):
    logits = LOGITS.T.reshape(1, K, 2, 3)
    mixed = torch.rand(1, K, 2, 3, generator=RNG).softmax(1)
    loss = CLASS_LOSSES[name](reduction=reduction, ignore_index=1)
    flat = loss(LOGITS, mixed.movedim(1, -1).reshape(-1, K))
    torch.testing.assert_close(loss(logits, mixed).flatten(), flat.flatten())
    for wrong in (1.1, -0.1, torch.nan):
        with pytest.raises(
            InputError, match=r"y holds the target .*; every target must be in 0..1"
        ):
            loss(logits, torch.where(mixed == mixed.max(), wrong, mixed))
    loss(logits, torch.where(mixed == mixed.max(), 1 + 1e-7, mixed))  # rounded


@class_loss
@weighted
@reductions
def test_gradients_with_ignored_labels_too(make, weight, reduction):
    loss = make(weight=weight, reduction=reduction)
    x, y = LOGITS.view(2, 3, K).transpose(1, 2).clone(), with_ignored(-100).view(2, 3)
    assert torch.autograd.gradcheck(lambda x: loss(x, y), x.requires_grad_())


@class_loss
def test_per_sample_gradients_and_whole_graphs_work(make):
    torch.compiler.reset()
    each = torch.func.vmap(lambda z, label: make()(z[None], label[None]))(LOGITS, Y)
    torch.testing.assert_close(each, make(reduction="none")(LOGITS, Y))
    compiled = torch.compile(make(), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(LOGITS, Y), make()(LOGITS, Y))


@pytest.mark.parametrize("row", [r for r in CATALOG.values() if r.kind == "loss"], ids=str)
def test_what_a_run_records_of_its_loss_is_what_it_was_unless_set(row):
    slot = row.slots["loss"]
    new = {"ignore_index", "reduction", "label_smoothing"}
    assert not new & set(describe(slot))
    known = {"class_counts": lambda: COUNTS}
    made = describe(build(slot, known))
    assert isinstance(made, str) or not new & set(made)
    assert describe(partial(slot, ignore_index=255))["ignore_index"] == 255
    assert describe(build(partial(slot, ignore_index=255), known))["ignore_index"] == 255
    with pytest.raises(InputError, match=r"an option of|has no options"):
        row.filled({"reduction": "sum"})


def test_training_needs_one_number(blobs):
    recipe = Recipe("x", [Train(1, loss=partial(FocalLoss, reduction="none"))])
    with pytest.raises(InputError, match=r"loss returned shape \(.*reduction='mean'"):
        fit(recipe, mlp((2,), 3), blobs)
