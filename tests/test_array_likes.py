"""What is said beside the numbers counts: the labels of pandas objects, masks, kinds of objects."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from imbtorch import InputError
from imbtorch.data.profiles.class_groups import minority_classes
from imbtorch.losses import LDAMLoss, LogitAdjustedLoss
from imbtorch.losses.weights import inverse_frequency_weights
from imbtorch.metrics import (
    Decision,
    classification_metrics,
    correct_prior,
    cumulative_false_positives,
    expected_calibration_error,
    expected_cost,
    generalization_gap,
)
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier

COUNTS = pd.Series([0] * 5 + [1] * 50).value_counts()
"""In the order 1, 0, as value_counts gives them."""
BY_CLASS = {
    "a loss": LogitAdjustedLoss,
    "margins": LDAMLoss,
    "weights": inverse_frequency_weights,
    "metrics": lambda counts: classification_metrics([0, 1, 1], [1, 1, 1], counts)["few_recall"],
    "groups": minority_classes,
    "false positives": lambda counts: cumulative_false_positives([0, 1], [1, 1], counts),
    "trained": lambda counts: correct_prior([[0.5, 0.5]], trained=counts, prior=[1, 1]),
    "prior": lambda counts: correct_prior([[0.5, 0.5]], trained=[1, 1], prior=counts),
}


@pytest.mark.parametrize("name", BY_CLASS)
def test_numbers_of_classes_are_in_their_order_or_refused(name):
    made = BY_CLASS[name]
    for given in (COUNTS, COUNTS / COUNTS.sum()) if name in ("trained", "prior") else (COUNTS,):
        with pytest.raises(InputError, match=r"the index of .* is \[1, 0\]; .* \.?\w+\.sort_index"):
            made(given)
    found, expected = made(COUNTS.sort_index()), made([5, 50])
    if not isinstance(found, torch.nn.Module):
        assert np.array_equal(found, expected)


def test_matrices_of_classes_too():
    costs = pd.DataFrame([[0, 1], [5, 0]])
    assert expected_cost([0, 1], [1, 1], costs) == expected_cost([0, 1], [1, 1], costs.to_numpy())
    for axis in (0, 1):
        with pytest.raises(InputError, match=f"{('index', 'columns')[axis]} of costs is"):
            expected_cost([0, 1], [1, 1], costs.sort_index(axis=axis, ascending=False))
    with pytest.raises(InputError, match=r"take probabilities\.sort_index\(axis=1\)"):
        expected_calibration_error([0, 1], pd.DataFrame([[0.9, 0.1]] * 2, columns=[1, 0]))


def test_shares_by_name_follow_the_names():
    x = np.random.default_rng(0).normal(size=(40, 2))
    y = np.repeat(["good", "bad"], [30, 10])
    model = ImbalancedClassifier("rs", epochs=1, random_state=0).fit(x, y)
    shares = pd.Series({"good": 0.83, "bad": 0.17})
    with pytest.raises(InputError, match=r"prior is \['good', 'bad'\].*prior\.sort_index"):
        model.predict_proba(x, prior=shares)
    assert np.array_equal(
        model.predict_proba(x, prior=shares.sort_index()),
        model.predict_proba(x, prior=[0.17, 0.83]),
    )


def test_what_is_under_a_mask_is_no_value():
    mask = [[0, 0], [1, 1]]
    masked = np.ma.masked_array([[0.5, 0.5], [0.9, 0.1]], mask=mask)
    x, y = np.zeros((4, 2)), [0, 0, 1, 1]
    for call in (
        lambda: generalization_gap(masked, [0, 0], [[9.0, 9.0]], [0]),
        lambda: expected_calibration_error([0, 1], masked),
        lambda: correct_prior([[0.5, 0.5]], np.ma.masked_array([1, 1], mask=[0, 1]), [1, 1]),
        lambda: expected_cost([0, 1], [1, 1], masked),
        lambda: ImbalancedClassifier().fit(np.ma.masked_array(x, mask=[mask[1]] * 4), y),
        lambda: EmbeddingHead().fit(x, np.ma.masked_array(y, mask=[1, 0, 0, 0])),
    ):
        with pytest.raises(InputError, match="has masked values"):
            call()


@pytest.mark.parametrize("size", [2, 300, 1000])
def test_rows_that_do_not_sum_to_one_are_no_probabilities(size):
    rng = np.random.default_rng(0)
    scores = rng.random((4, size)) / size  # their sums are about .5
    with pytest.raises(InputError, match="sum to"):
        expected_calibration_error([0, 1, 0, 1], scores)
    p = rng.dirichlet(np.full(size, 0.05), 4)
    for near in (p, p.round(2), p.round(3), torch.tensor(p).half(), torch.tensor(p).bfloat16()):
        expected_calibration_error([0, 1, 0, 1], near)


def test_probabilities_that_are_returned_are_not_the_callers():
    given = np.array([[0.6, 0.4], [0.3, 0.7]])
    Decision().calibrated(given)[:] = 0
    assert given.tolist() == [[0.6, 0.4], [0.3, 0.7]]


@pytest.mark.parametrize("values", [[0, 1], [False, True], [0.0, 1.0]])
@pytest.mark.parametrize("form", [np.array, pd.Series])
def test_labels_among_objects_are_labels(values, form):
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = form(values * 30, dtype=object)
    for model in (ImbalancedClassifier("rs", epochs=1), EmbeddingHead(epochs=1)):
        assert model.fit(x, y).classes_.tolist() == values


def test_a_decision_is_on_rows_of_classes():
    for call in (Decision().classes, Decision(2.0).calibrated):
        for wrong in ([0.3, 0.7], np.full((1, 2, 2), 0.5)):
            with pytest.raises(InputError, match=r"probabilities has shape .* \(N, K\)"):
                call(wrong)
    json.dumps(Decision(np.float32(1.5), (np.float32(0), 1.0)).to_json())
