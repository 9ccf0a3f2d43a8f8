"""Odd input, networks and measures: the result is right, or an error says what would be.

Values of torch's own refusal that name the argument's value (a label out of bounds in a loss) and
scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from imbtorch import ArrayDataset, InputError, build_model, evaluate
from imbtorch.metrics import classification_metrics, generalization_gap
from imbtorch.metrics.classification import shot_recalls
from imbtorch.models import embed, predict_logits

NAN = float("nan")
COUNTS = [50, 20, 5]
X = np.random.default_rng(0).normal(size=(30, 4))
LABELS = np.repeat([0, 1, 2], [20, 7, 3])
POINTS = np.concatenate(
    [np.random.default_rng(k).normal(k, 1, (n, 3)) for k, n in enumerate((40, 12, 5))]
)
POINT_LABELS = np.repeat([0, 1, 2], [40, 12, 5])
PLANE = POINTS[:, :2].astype(np.float32)


def test_networks_are_asked_about_any_data():
    model = build_model("mlp", (2,), 3, train=ArrayDataset(PLANE[:1], [0]))  # no deviation
    assert evaluate(model, (PLANE, POINT_LABELS), COUNTS)["accuracy"] >= 0
    assert embed(model, (PLANE, POINT_LABELS))[0].isfinite().all()
    empty = torch.utils.data.TensorDataset(torch.ones(0, 2), torch.ones(0))
    for data, options in ((empty, {}), ((PLANE, POINT_LABELS), {"batch_size": 0})):
        with pytest.raises(InputError, match="at least 1"):
            predict_logits(model, data, **options)
    for arguments in (("mlp", (), 3), ("mlp", (0,), 3), ("mlp", (2,), 0)):
        with pytest.raises(InputError, match="at least 1"):
            build_model(*arguments)
    with pytest.raises(InputError, match="head"):
        build_model("mlp", (2,), 3, head="x")


@settings(deadline=None, max_examples=50)
@given(
    st.integers(2, 6).flatmap(
        lambda k: st.tuples(
            st.just(k),
            st.lists(
                st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=30
            ),
        )
    )
)
def test_metrics_lie_in_their_range(case):
    k, pairs = case
    true, predicted = np.array(pairs).T
    metrics = classification_metrics(true, predicted, range(k, 0, -1))
    absent = [label not in true for label in range(k)]
    for name, value in metrics.items():
        if value is None:  # no such classes
            alone = name in ("gmean_macro", "matthews") and sum(absent) == k - 1
            assert name.endswith("_recall") or alone
        elif isinstance(value, list) and name != "confusion":
            assert [v is None for v in value] == absent, name
            assert all(0 <= v <= 1 for v in value if v is not None), name
        elif name != "confusion":
            assert (-1 if name == "matthews" else 0) <= value <= 1, name


@pytest.mark.parametrize(
    ("true", "predicted"),
    [([], []), ([0, 1], [0]), ([0, NAN], [0, 1]), (["a", "b"], ["a", "a"]), ([[0, 1]], [[0, 1]])],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # before scikit-learn refuses
def test_metrics_say_what_they_cannot_take(true, predicted):
    with pytest.raises(ValueError, match=r"\w"):
        classification_metrics(true, predicted, [3, 1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint8, bool])
def test_the_gap_of_any_numbers(dtype):
    x = (np.random.default_rng(0).normal(size=(20, 3)) * 5).astype(dtype)
    gap = generalization_gap(x[:10], [0] * 10, x[10:], [0] * 10)
    wide = x.astype(np.float64)
    expected = generalization_gap(wide[:10], [0] * 10, wide[10:], [0] * 10)
    assert gap.overall == pytest.approx(expected.overall)


def test_the_gap_says_what_it_cannot_take():
    for wrong in (
        (X[:, 0], LABELS, X, LABELS),
        (X, LABELS[:4], X, LABELS),
        (X, np.array(["a", "b", "c"])[LABELS], X, LABELS),
        (X, LABELS + 0.5, X, LABELS),
        (X[:, :2], LABELS, X, LABELS),
    ):
        with pytest.raises(InputError):
            generalization_gap(*wrong)


def test_evaluate_says_what_it_cannot_take():
    model, odd = build_model("mlp", (2,), 3), torch.tensor(PLANE)
    odd[[3, 50], 0] = NAN
    data = PLANE, POINT_LABELS
    loaded = torch.utils.data.TensorDataset(odd, torch.tensor(POINT_LABELS))
    broken = build_model("mlp", (2,), 3)
    broken.head.bias.data[0] = NAN
    for arguments, said in (
        ((model, loaded, COUNTS), r"dataset holds NaN .* 2 of 57 rows \(3, 50\)"),
        ((model, (POINTS, POINT_LABELS), COUNTS), r"samples of shape \(3,\) .* from dataset"),
        ((nn.Sequential(nn.Linear(2, 3)), data, COUNTS), "model is a Sequential"),
        ((broken, data, COUNTS), r"the network gives NaN for 57 of 57 .*\(0, 1, 2, 3, 4, \.\.\.\)"),
        ((model, data, [4, 3, 2, 1]), "class_counts has 4 classes; the network has 3"),
    ):
        with pytest.raises(InputError, match=said):
            evaluate(*arguments)
    with pytest.raises(InputError, match="recall has shape"):
        shot_recalls([0.5], [500, 5])


def test_classes_that_a_network_masks_are_measured():
    model = build_model("mlp", (2,), 3)
    model.head.bias.data[2] = -torch.inf
    assert evaluate(model, (PLANE, POINT_LABELS), COUNTS)["recall"][2] == 0
