"""Temperature, offsets and costs: against brute force, closed forms and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, f1_score, fbeta_score, precision_recall_curve

from imbtorch import InputError
from imbtorch.metrics import (
    Decision,
    choose_decision,
    expected_calibration_error,
    expected_cost,
    fit_temperature,
)
from imbtorch.metrics.objective import Objective

NAMES = ("f1", "fbeta:2", "balanced_accuracy", "recall@precision:0.8", "cost")
EYE = np.eye(3)


def made(k, n, seed, sharpness=1.0):
    """Return labels of k classes, the last ones rare, and probabilities that know of them."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(k), rng.choice(k, n - k, p=softmax(-1.0 * np.arange(k)))])
    logits = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    return y, softmax(sharpness * logits, axis=1)


def objective_of(name, k, seed=0):
    costs = np.random.default_rng(seed).integers(1, 20, (k, k)) * (1 - np.eye(k))
    return Objective.of(costs=costs) if name == "cost" else Objective.of(name)


def chosen(objective, y, p, counts):
    maximize = None if objective.costs else objective.name
    return choose_decision(y, p, maximize=maximize, costs=objective.costs, class_counts=counts)


def decided(decision, p):
    return decision.classes(decision.calibrated(p))


@pytest.mark.filterwarnings("ignore:no threshold reaches")
@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(4, 60), st.integers(1, 99), st.integers(0, 2))
def test_no_threshold_is_better_for_two_classes(name, seed, n, other, digits):
    y, p = made(2, n, seed)
    p = softmax(np.log(p).round(digits), axis=1)  # so that some probabilities are equal
    objective, counts = objective_of(name, 2, seed), [50, other]
    got = objective.value(y, decided(chosen(objective, y, p, counts), p), counts)
    at = [0.0, *np.unique(p[:, 1]), 2.0]
    best = max(objective.value(y, (p[:, 1] >= t - 1e-12).astype(int), counts) for t in at)
    assert got == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if "@" not in name])
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(3, 6), st.integers(6, 50))
def test_no_single_offset_is_better_for_more_classes(name, seed, k, n):
    y, p = made(k, n, seed)
    objective, counts = objective_of(name, k, seed), [1] * k
    decision = chosen(objective, y, p, counts)
    value = objective.value(y, decided(decision, p), counts)
    assert value >= objective.value(y, p.argmax(1), counts) - 1e-9
    logs = np.log(decision.calibrated(p)) + decision.offsets
    for c in np.unique(y):
        for moved in np.linspace(-8, 8, 33):
            shifted = logs + moved * (np.arange(k) == c)
            assert objective.value(y, shifted.argmax(1), counts) <= value + 1e-9
    assert decision.offsets[0] == 0.0


def test_metrics_are_those_of_scikit_learn():
    y, p = made(4, 200, 0)
    picked, counts = p.argmax(1), [9, 5, 2, 1]
    assert objective_of("f1", 4).value(y, picked, counts) == pytest.approx(
        f1_score(y, picked, average="macro")
    )
    assert objective_of("balanced_accuracy", 4).value(y, picked, counts) == pytest.approx(
        balanced_accuracy_score(y, picked)
    )
    y, p = made(2, 200, 0)
    for counts, rare in (([9, 1], 1), ([1, 9], 0)):  # of two classes, the rarer one counts
        got = objective_of("fbeta:2", 2).value(y, p.argmax(1), counts)
        assert got == pytest.approx(fbeta_score(y, p.argmax(1), beta=2, pos_label=rare))


def test_recall_at_a_precision_is_read_off_the_curve():
    y, p = made(2, 400, 3)
    precision, recall, _ = precision_recall_curve(y, p[:, 1])
    decision = choose_decision(y, p, maximize="recall@precision:0.8", class_counts=[9, 1])
    right = decided(decision, p)[y == 1].mean()
    assert right == pytest.approx(recall[precision >= 0.8].max())


def test_the_figure_of_a_recall_at_a_precision_is_0_where_that_is_not_reached():
    objective, y = objective_of("recall@precision:0.6", 2), np.array([0, 0, 1, 1])
    assert objective.figure(y, np.array([0, 1, 1, 0]), [9, 1]) == 0.0  # precision .5
    assert objective.figure(y, np.array([0, 0, 1, 0]), [9, 1]) == 0.5
    assert objective.figure(y, np.zeros(4, int), [9, 1]) == 0.0


def test_a_precision_out_of_reach_is_said_and_the_closest_taken():
    y, p = np.array([0, 1, 0, 0]), np.array([[0.2, 0.8], [0.4, 0.6], [0.9, 0.1], [0.9, 0.1]])
    with pytest.warns(UserWarning, match=r"reaches precision 0.9 on the 4 .* highest, 0.50, is"):
        decision = choose_decision(y, p, maximize="recall@precision:0.9")
    assert decided(decision, p).tolist() == [1, 1, 0, 0]


def test_equal_costs_leave_the_most_probable_class():
    y, p = made(3, 60, 1)
    best = choose_decision(y, p, costs=1 - EYE)
    assert expected_cost(y, decided(best, p), 1 - EYE) <= (p.argmax(1) != y).mean()
    perfect = choose_decision([0, 1, 2], 0.8 * EYE + 0.2 / 3, costs=1 - EYE)
    assert perfect.offsets == (0.0, 0.0, 0.0)


def test_the_threshold_of_exact_probabilities_is_that_of_the_costs():
    # for calibrated probabilities Elkan's threshold is C01 / (C01 + C10): here 1 / 20
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 3, 200_000)
    y = (rng.random(len(p)) < p).astype(int)
    decision = choose_decision(y, np.stack([1 - p, p], 1), costs=[[0, 1], [19, 0]])
    assert decision.temperature == pytest.approx(1, abs=0.02)
    assert decision.threshold == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature):
    rng = np.random.default_rng(1)
    logits = 2 * rng.normal(size=(100_000, 3))
    true = softmax(logits, axis=1)
    y = (rng.random((len(true), 1)) > true.cumsum(1)).sum(1).clip(max=2)
    told = softmax(logits * temperature, axis=1)
    assert fit_temperature(y, told) == pytest.approx(temperature, rel=0.02)
    np.testing.assert_allclose(Decision(temperature).calibrated(told), true, atol=1e-12)


def test_few_samples_spoil_no_calibrated_probabilities():
    """6 % of such splits are without an error: without the prior, they take the least one."""
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(100):
        p = softmax(4 * rng.normal(size=(1030, 2)), axis=1)
        y = (rng.random(len(p)) < p[:, 1]).astype(int)
        temperature = fit_temperature(y[:30], p[:30])
        assert abs(np.log(temperature)) < 2
        calibrated = Decision(temperature).calibrated(p[30:])
        errors.append(expected_calibration_error(y[30:], calibrated))
    assert np.mean(errors) < 0.035
    assert fit_temperature([0, 1], np.eye(2)) == pytest.approx(1, abs=1e-3)  # nothing to learn


def test_a_temperature_beyond_the_bounds_is_said():
    y = np.arange(4000) % 2
    for p, bound in ((0.9 * np.eye(2)[1 - y] + 0.05, 20), (0.1 * np.eye(2)[y] + 0.45, 0.05)):
        with pytest.warns(UserWarning, match=rf"4000 .* beyond 0.05..20: {bound} is taken"):
            assert fit_temperature(y, p) == pytest.approx(bound, rel=1e-3)


def test_a_temperature_keeps_the_order_of_the_classes_and_extreme_rows():
    p = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]], np.float32)
    for temperature in (0.05, 20.0):
        tempered = Decision(temperature).calibrated(p)
        assert tempered.argmax(1).tolist() == [0, 1]
        np.testing.assert_allclose(tempered.sum(1), 1)


def test_many_classes_gain_too():
    y, p = made(120, 1200, 0)
    decision = choose_decision(y, p, maximize="f1")
    before, after = (f1_score(y, z, average="macro") for z in (p.argmax(1), decided(decision, p)))
    assert after > before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "one of maximize and costs is needed; neither is given"),
        ({"maximize": "f1", "costs": 1 - EYE}, "both are given"),
        ({"maximize": "f2"}, "maximize is 'f2'; known are f1, fbeta:B, balanced_accuracy"),
        ({"maximize": "fbeta:0"}, "maximize is 'fbeta:0'; known"),
        ({"maximize": "fbeta:1e"}, "maximize is 'fbeta:1e'; known"),
        ({"maximize": "fbeta"}, "maximize is 'fbeta'; known"),
        ({"maximize": "f1:2"}, "maximize is 'f1:2'; known"),
        ({"maximize": "cost"}, "maximize is 'cost'; known"),
        ({"maximize": "recall@precision:1.5"}, "at most 1"),
        ({"maximize": "recall@precision:0.9"}, "which is for two classes; there are 3"),
        ({"costs": np.eye(2)}, r"costs has shape \(2, 2\); it must be \(3, 3\)"),
        ({"costs": [[0, np.nan, 1], [1, 0, 1], [1, 1, 0]]}, "not finite"),
        ({"costs": np.ones((3, 3))}, "the same for every decision"),
        ({"costs": [["a"]]}, "not a matrix of numbers"),
        ({"maximize": "f1", "class_counts": [5, 5]}, "class_counts has 2 classes"),
    ],
)
def test_what_cannot_be_chosen_for_is_refused(arguments, said):
    y, p = made(3, 30, 0)
    with pytest.raises(InputError, match=said):
        choose_decision(y, p, **arguments)


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [[0.5, 0.5]], r"must be \(N,\) and \(N, K\)"),
        ([0, 2], [[0.5, 0.5]] * 2, "the label 2; probabilities has 2 classes"),
        ([0, 1], [[0.5, 1.5]] * 2, "all must be in 0..1"),
        ([0, 1], [[0.5, np.nan]] * 2, "all must be in 0..1"),
        ([0, 0], [[0.5, 0.5]] * 2, "hold no sample of class 1, the rarer one"),
        ([], np.zeros((0, 2)), "must be"),
        ([0, 0], [[1.0]] * 2, "probabilities has 1 class; at least 2"),
    ],
)
def test_samples_that_do_not_fit_are_refused(y, p, said):
    with pytest.raises(InputError, match=said):
        choose_decision(y, p, maximize="f1", class_counts=[9, 1])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": 0.0}, "temperature is 0.0; it must be in 0.001..1000"),
        ({"temperature": float("nan")}, "it must be in 0.001..1000"),
        ({"offsets": (0.0, float("inf"))}, "must be in -1e6..1e6"),
    ],
)
def test_a_decision_out_of_range_is_refused(values, said):
    with pytest.raises(InputError, match=said):
        Decision(**values)


def test_a_decision_for_other_classes_is_refused():
    with pytest.raises(InputError, match="the decision is for 2 classes"):
        Decision(offsets=(0.0, 1.0)).classes(np.full((4, 3), 1 / 3))
