"""The report's curves are those of scikit-learn, and its thresholds count what they flag."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from imbtorch.comparison.report.curves import interpolated_precision, reliability, thresholds
from imbtorch.comparison.report.decided import decided_threshold
from imbtorch.comparison.report.embedding_plots import plot_true_false
from imbtorch.comparison.report.page_data import page_data
from imbtorch.metrics import Decision, expected_cost
from imbtorch.metrics.classification import classification_metrics


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 60), st.integers(1, 30), st.integers(0, 999))
def test_a_curve_has_the_highest_precision_that_reaches_each_recall(number, steps, seed):
    rng = np.random.default_rng(seed)
    true = np.append(rng.random(number) < 0.4, True)
    scores = rng.integers(0, 9, number + 1) / 8  # with ties
    curve = interpolated_precision(true, scores, steps)
    precision, recall, _ = precision_recall_curve(true, scores)
    expected = [precision[recall >= (i + 1) / steps - 1e-9].max() for i in range(steps)]
    np.testing.assert_allclose(curve, expected)
    assert (np.diff(curve) <= 0).all()


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 80), st.integers(0, 999))
def test_thresholds_count_hits_and_alarms(number, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, number)
    p = rng.random(number).astype(np.float32)
    found = thresholds({"labels": labels, "probabilities": np.stack([1 - p, p], 1)}, 1, 0.3)
    assert found["at"][found["start"]] == 0.3
    assert found["at"] == sorted(found["at"])
    for at, hits, alarms in zip(found["at"], found["hits"], found["alarms"], strict=True):
        flagged = labels[p.astype(np.float64) >= at]
        assert (hits, alarms) == (flagged.sum(), (1 - flagged).sum())


def test_the_bins_of_reliability_hold_all_samples():
    rng = np.random.default_rng(0)
    scores = np.append(rng.random(2000), [0.0, 1.0])
    bins = reliability(scores, rng.random(2002) < scores)
    assert sum(number for number, _, _ in bins) == 2002
    assert all(abs(mean - share) < 0.1 for _, mean, share in bins)  # right by construction


@pytest.mark.parametrize("rare", [0, 1])
def test_the_explorer_starts_where_the_decision_changes_its_mind(rare):
    decision = Decision(temperature=1.7, offsets=(0.4, -0.9), maximizes="f1")
    at = decided_threshold([{"seed": 0, "decision": decision.to_json()}], rare)
    below, above = (
        decision.calibrated([[1 - q, q] if rare else [q, 1 - q]]) for q in (at - 1e-6, at + 1e-6)
    )
    assert decision.classes(below).tolist() == [1 - rare]
    assert decision.classes(above).tolist() == [rare]
    assert decided_threshold([{"seed": 0}], rare) == 0.5


@pytest.mark.parametrize("classes", [2, 3])
def test_the_explorer_knows_the_cost_of_every_outcome_of_two_classes(classes):
    y, counts = np.repeat(np.arange(classes), 6), [9, 5, 7][:classes]
    p = np.random.default_rng(0).dirichlet([1] * classes, len(y))
    row = {
        "recipe": {"name": "erm"},
        "seed": 0,
        "data": {"classes": ["a", "b", "c"][:classes], "counts": counts},
        "metrics": classification_metrics(y, p.argmax(1), counts, p),
    }
    costs = [[0.0, 5.0, 1.0], [100.0, 20.0, 1.0], [1.0, 1.0, 1.0]]
    costs = [of[:classes] for of in costs[:classes]]
    outputs = {"erm": {"labels": y, "predicted": p.argmax(1), "probabilities": p}}
    page = page_data([row], outputs, ["erm"], (20, 100), costs)
    if classes > 2:
        assert page["costs"] is page["thresholds"] is None
        return
    rare, cost, found = page["rare"], np.array(page["costs"]), page["thresholds"][0]
    of_rare, of_other = cost[rare], cost[1 - rare]  # as report.js counts them
    for at, hits, alarms in zip(found["at"], found["hits"], found["alarms"], strict=True):
        misses, rest = page["heldOut"][rare] - hits, page["heldOut"][1 - rare] - alarms
        total = of_rare @ [misses, hits] + of_other @ [rest, alarms]
        assert total / 12 == pytest.approx(expected_cost(y, p[:, rare] >= at, costs))


def test_an_undefined_gap_has_no_bar():
    rows = [
        {"recipe": {"name": name}, "embedding": {"gap_true": [0.25, 0.75], "gap_false": false}}
        for name, false in (("erm", [0.5, None]), ("rs", [None, None]))
    ]
    heights = [bar.get_height() for bar in plot_true_false(rows).axes[0].patches]
    np.testing.assert_array_equal(heights, [0.5, 0.5, 0.5, np.nan])
