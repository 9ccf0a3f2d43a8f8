"""The generalization gap and its companions against cases worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError
from imbtorch.comparison.report.tsne_plots import most_mistaken
from imbtorch.metrics import (
    class_weight_norms,
    cumulative_false_positives,
    generalization_gap,
    true_false_gaps,
)
from imbtorch.metrics.gap import embedding_measures
from imbtorch.resampling import EOS, SMOTE


def test_gap_by_hand():
    train = np.array([[0, 0], [2, 2], [10, 10], [11, 11]], dtype=np.float32)
    test = np.array([[-1, 1], [3, 2.5], [10.5, 10.5], [10.2, 8]], dtype=np.float32)
    gap = generalization_gap(train, [0, 0, 1, 1], test, [0, 0, 1, 1])
    # class 0: 3 - 2 and 2.5 - 2 above, 0 - -1 below; class 1: 10 - 8 below
    np.testing.assert_allclose(gap.per_class, [1 + 0.5 + 1, 2])
    assert gap.overall == pytest.approx(2.25)
    tensors = generalization_gap(
        torch.tensor(train), torch.tensor([0, 0, 1, 1]), torch.tensor(test), [0, 0, 1, 1]
    )
    assert np.array_equal(tensors.per_class, gap.per_class)


@given(seed=st.integers(0, 1000))
def test_gap_is_zero_inside_never_negative_and_falls_with_more_training_rows(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(30, 3)), np.arange(30) % 3
    test, labels = rng.normal(size=(30, 3)), rng.permutation(y)
    assert generalization_gap(x, y, x[::2], y[::2]).overall == 0
    gap = generalization_gap(x, y, test, labels)
    assert (gap.per_class >= 0).all()
    less = generalization_gap(x[:15], y[:15], test, labels)
    assert (less.per_class >= gap.per_class).all()
    moved = generalization_gap(2 * x + 5, y, 2 * test + 5, labels)
    np.testing.assert_allclose(moved.per_class, 2 * gap.per_class)


def test_classes_absent_on_one_side_are_nan_and_left_out_of_the_mean():
    gap = generalization_gap([[0.0], [5.0]], [0, 1], [[1.0], [9.0]], [0, 2])
    np.testing.assert_array_equal(gap.per_class, [1, np.nan, np.nan])
    assert gap.overall == 1
    nothing = generalization_gap([[0.0]], [0], [[0.0]], [1])
    assert np.isnan(nothing.overall)


def test_true_and_false_positives_part_the_held_out_rows():
    train, y = [[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1]
    true, false = true_false_gaps(train, y, [[1.5], [3.0], [2.0]], [0, 1, 0], [0, 0, 1])
    np.testing.assert_allclose(true.per_class, [0.5, np.nan])
    np.testing.assert_allclose(false.per_class, [2.0, 3.0])
    right, none = true_false_gaps(train, y, [[1.5]], [0], [0])
    assert right.overall == 0.5
    assert np.isnan(none.per_class).all()


@pytest.mark.filterwarnings("ignore:class .* has no enemy")
def test_smote_cannot_narrow_the_gap_and_eos_can():
    rng = np.random.default_rng(0)
    counts = (200, 30, 10)
    y = np.repeat(np.arange(3), counts)
    x = rng.normal(0, 1, (240, 8)) + y[:, None]
    test_y = np.arange(300) % 3
    test = rng.normal(0, 1, (300, 8)) + test_y[:, None]
    plain = generalization_gap(x, y, test, test_y)
    by_smote = generalization_gap(*SMOTE(random_state=0).fit_resample(x, y), test, test_y)
    by_eos = generalization_gap(*EOS(random_state=0).fit_resample(x, y), test, test_y)
    np.testing.assert_allclose(by_smote.per_class, plain.per_class)
    assert (by_eos.per_class[1:] < plain.per_class[1:]).all()


def test_norms_and_cumulative_false_positives():
    head = nn.Linear(2, 3)
    head.weight.data = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]])
    assert class_weight_norms(head).tolist() == [5, 1, 0]
    counts = [10, 30, 20]  # from the most frequent: 1, 2, 0
    y, predicted = [0, 1, 2, 2, 0], [1, 1, 1, 0, 0]
    assert cumulative_false_positives(y, predicted, counts).tolist() == [2, 2, 3]


@pytest.mark.parametrize(
    ("y", "predicted", "said"),
    [
        ([0, 1, 1, 2], [3, 3, 0, 2], "y_pred up to 3; class_counts has 3 classes"),
        ([0, 3], [0, 1], "y_true holds labels up to 3"),
        ([0, 1, 1], [0, 1], "y_true has 3 labels and y_pred 2"),
        ([], [], "at least 1"),
    ],
)
def test_false_positives_of_no_class_are_refused(y, predicted, said):
    with pytest.raises(InputError, match=said):
        cumulative_false_positives(y, predicted, [50, 5, 20])


def test_bad_input_is_named():
    with pytest.raises(InputError, match="train_features"):
        generalization_gap(np.zeros(3), [0, 0, 0], np.zeros((3, 1)), [0, 0, 0])
    with pytest.raises(InputError, match="2 columns"):
        generalization_gap(np.zeros((3, 1)), [0, 0, 0], np.zeros((3, 2)), [0, 0, 0])
    with pytest.raises(InputError, match="test_labels has dtype"):
        generalization_gap(np.zeros((1, 1)), [0], np.zeros((1, 1)), [0.5])
    with pytest.raises(InputError, match="head"):
        class_weight_norms(nn.ReLU())


def test_measures_of_a_network_are_lists_of_numbers_or_none():
    head = torch.nn.Linear(2, 3, bias=False)
    head.weight.data[:] = torch.tensor([[3.0, 4.0], [0.0, 1.0], [-1.0, 0.0]])
    train, test = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    measured = embedding_measures(head, train, torch.tensor([0, 1]), test, torch.tensor([0, 1]))
    # the second test sample's logits are all 0: class 0 is said, wrongly
    assert measured["gap"] == [1.0, 0.0]
    assert measured["gap_true"] == [1.0, None]
    assert measured["gap_false"] == [1.0, None]
    assert measured["norm"] == [5.0, 1.0, 1.0]


def test_the_pair_most_mistaken_counts_both_directions():
    labels, predicted = np.array([0, 0, 2, 2, 1]), np.array([0, 2, 0, 2, 0])
    assert most_mistaken(labels, predicted, 3) == (0, 2)
    assert most_mistaken(labels, labels, 3) == (0, 1)  # nothing is
