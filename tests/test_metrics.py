"""Metrics against hand-computed cases and the published figures; leads against their noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError
from imbtorch.comparison.report.summary import (
    COLUMNS,
    best_recipe,
    shown_columns,
    summarize,
)
from imbtorch.data import exponential_counts, minority_classes, shot_groups, step_counts
from imbtorch.metrics import classification_metrics

TRUE = [0] * 4 + [1] * 4 + [2] * 2
PREDICTED = [0, 0, 0, 0, 1, 1, 0, 0, 2, 0]  # recalls 1, 1/2, 1/2


def test_metrics_equal_their_definitions():
    metrics = classification_metrics(TRUE, PREDICTED, [100, 20, 5])
    assert metrics["recall"] == [1.0, 0.5, 0.5]
    assert metrics["balanced_accuracy"] == pytest.approx(2 / 3)
    assert metrics["gmean_recall"] == pytest.approx((1 * 0.5 * 0.5) ** (1 / 3))
    specificity = np.mean([3 / 6, 6 / 6, 8 / 8])
    assert metrics["gmean_macro"] == pytest.approx((2 / 3 * specificity) ** 0.5)
    f1 = [2 * 4 / (2 * 4 + 3), 2 * 2 / (2 * 2 + 2), 2 * 1 / (2 * 1 + 1)]
    assert metrics["f1_macro"] == pytest.approx(np.mean(f1))
    assert metrics["majority_recall"] == 1.0
    assert metrics["minority_recall"] == 0.5
    shots = ("many_recall", "medium_recall", "few_recall")
    assert [metrics[name] for name in shots] == [None, 0.75, 0.5]
    other = classification_metrics(TRUE, PREDICTED, [100, 20, 5], shots=(21, 99))
    assert [other[name] for name in shots] == [1.0, None, 0.5]
    assert metrics["worst_recall"] == 0.5
    assert metrics["confusion"] == [[4, 0, 0], [2, 2, 0], [1, 0, 1]]


def test_each_class_has_its_precision_f1_and_area():
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    metrics = classification_metrics([0, 0, 1, 1], scores.argmax(1), [90, 10], scores)
    assert metrics["precision"] == pytest.approx([2 / 3, 1.0])
    assert metrics["f1"] == pytest.approx([0.8, 2 / 3])
    # class 0 by falling score: right, wrong, right, wrong; class 1: right, wrong, right, wrong
    assert metrics["auprc"] == pytest.approx([0.5 * 1 + 0.5 * 2 / 3] * 2)
    assert "auprc" not in classification_metrics([0, 1], [0, 1], [9, 1])


def test_the_two_geometric_means_differ_as_in_the_papers():
    # recall .7256 on ten balanced classes gives a macro geometric mean of .8387
    y = np.repeat(np.arange(10), 10_000)
    wrong = np.arange(100_000) % 10_000 >= 7256
    metrics = classification_metrics(y, np.where(wrong, (y + 1) % 10, y), [1] * 10)
    assert metrics["balanced_accuracy"] == pytest.approx(0.7256)
    assert metrics["gmean_macro"] == pytest.approx(0.8387, abs=5e-5)


def test_a_class_never_found_makes_the_geometric_mean_zero():
    metrics = classification_metrics([0, 0, 1], [0, 0, 0], [10, 1])
    assert metrics["gmean_recall"] == 0.0
    assert metrics["worst_recall"] == 0.0


@pytest.mark.parametrize(
    ("n_max", "num_classes", "ratio", "number"),
    [(5000, 10, 100, 2), (5000, 10, 10, 3), (500, 100, 100, 15), (500, 100, 10, 26)],
)
def test_majority_has_the_published_size(n_max, num_classes, ratio, number):
    assert (~minority_classes(exponential_counts(n_max, num_classes, ratio))).sum() == number


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=20))
def test_majority_is_the_smallest_set_beyond_half(counts):
    major = ~minority_classes(counts)
    counts = np.array(counts)
    assert 0 < major.sum() < len(counts)
    assert counts[major].min() >= counts[~major].max()
    assert counts[major].sum() - counts[major].min() <= counts.sum() / 2


@given(st.integers(2, 100), st.integers(2, 20), st.floats(0.1, 0.9))
def test_reduced_classes_are_minority_by_the_rules_of_aos_and_dos(ratio, num_classes, fraction):
    counts = np.array(step_counts(1000, num_classes, ratio, fraction))
    assert np.array_equal(minority_classes(counts, by="aos"), counts < 1000)
    below_half_the_mean = counts < counts.sum() / (2 * num_classes)
    assert np.array_equal(minority_classes(counts, by="dos"), below_half_the_mean)
    with pytest.raises(InputError, match="amo, aos or dos"):
        minority_classes(counts, by="eos")


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=20),
    st.tuples(st.integers(1, 300), st.integers(0, 300)),
)
def test_every_class_is_in_one_shot_group(counts, bounds):
    low, high = bounds[0], sum(bounds)
    groups = shot_groups(counts, (low, high))
    assert (sum(mask.astype(int) for mask in groups.values()) == 1).all()
    for count, many, medium, few in zip(counts, *groups.values(), strict=True):
        assert (many, medium, few) == (count > high, low <= count <= high, count < low)
    with pytest.raises(InputError, match="shots is"):
        shot_groups(counts, (high + 1, high))


def test_summaries_keep_the_order_and_find_the_best():
    def row(recipe, seed, accuracy):
        metrics = dict.fromkeys(
            ("gmean_recall", "gmean_macro", "f1_macro", "majority_recall"), accuracy
        ) | dict.fromkeys(("balanced_accuracy", "minority_recall", "worst_recall"), accuracy)
        return {
            "recipe": {"name": recipe},
            "seed": seed,
            "data": {"counts": [500, 50, 60]},
            "metrics": {**metrics, "recall": [accuracy, 0.25, 0.75]},
            "seconds": 1.0 + seed,
        }

    rows = [row("erm", 0, 0.5), row("erm", 1, 0.6), row("drw", 1, 0.8), row("drw", 0, 0.7)]
    erm, drw = summarize(rows)
    assert (erm.recipe, erm.lead, drw.recipe) == ("erm", None, "drw")
    assert drw.lead.mean == pytest.approx(0.2)
    assert drw.lead.noise == pytest.approx(0)
    assert drw.mean["many_recall"] == pytest.approx(0.75)
    assert drw.mean["medium_recall"] == pytest.approx(0.5)
    assert np.isnan(drw.mean["few_recall"])  # no class has fewer than 20 samples
    unmeasured = {"few_recall", "minority_precision", "minority_auprc"}
    assert unmeasured == set(COLUMNS) - set(shown_columns([erm, drw]))
    fewer = summarize(rows, shots=(55, 499))[1]
    assert (fewer.mean["few_recall"], fewer.mean["medium_recall"]) == (0.25, 0.75)
    assert drw.std["balanced_accuracy"] == pytest.approx(0.0707, abs=1e-4)
    assert best_recipe([erm, drw], "balanced_accuracy") == "drw"
    assert best_recipe([erm, drw], "seconds") == ""  # both took as long
    assert best_recipe([erm, drw], "ece") == ""
