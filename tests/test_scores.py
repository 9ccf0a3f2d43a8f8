"""Metrics of probabilities and Matthews' coefficient are those of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    matthews_corrcoef,
    precision_recall_curve,
    roc_auc_score,
)

from imbtorch.metrics import classification_metrics, expected_cost
from imbtorch.metrics.scores import matthews, score_metrics


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(8, 60), st.integers(1, 9))
def test_each_class_against_the_rest(seed, k, n, digits):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    p = rng.multinomial(10**digits, rng.dirichlet(np.ones(k), n)) / 10**digits  # with equal scores
    made = score_metrics(y, p)
    for c in range(k):
        own, score = y == c, p[:, c]
        expected = average_precision_score(own, score)  # which adds in another order
        assert made["auprc"][c] == pytest.approx(expected, rel=0, abs=1e-12)
        assert made["auroc"][c] == pytest.approx(roc_auc_score(own, score))
        precision, recall, _ = precision_recall_curve(own, score)
        assert made["precision_at_90_recall"][c] == precision[recall >= 0.9].max()
    predicted = p.argmax(1)
    assert matthews(y, predicted, k) == pytest.approx(matthews_corrcoef(y, predicted), abs=1e-12)


def test_the_brier_score_of_two_classes_is_the_usual_one():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 50), rng.random(50)
    made = score_metrics(y, np.stack([1 - p, p], 1))
    assert made["brier"] == pytest.approx(brier_score_loss(y, p))
    assert score_metrics(np.arange(3), np.eye(3))["brier"] == 0.0
    assert score_metrics(np.arange(3), np.eye(3)[[1, 2, 0]])["brier"] == 1.0


def test_what_one_class_alone_leaves_undefined():
    metrics = classification_metrics([1, 1], [1, 0], [9, 1], [[0.2, 0.8], [0.6, 0.4]])
    assert metrics["auroc"] == [None, None]
    assert metrics["precision_at_90_recall"] == [None, 1.0]
    assert metrics["matthews"] is None
    assert classification_metrics([0, 1], [0, 0], [9, 1])["matthews"] == 0.0


def test_the_cost_is_read_row_by_true_class():
    costs = [[0, 1], [20, -2]]
    assert expected_cost([0, 0, 1, 1], [0, 1, 0, 1], costs) == (0 + 1 + 20 - 2) / 4
