"""Thousands of classes: rows and report stay small, and say which classes they show."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
)

from imbtorch.comparison.report.canvas import over_classes
from imbtorch.comparison.report.confusion_plots import most_confused
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.report.table import print_classes
from imbtorch.data.profiles.profile import Profile
from imbtorch.metrics import classification_metrics, scores
from imbtorch.metrics.confusion import unpack
from imbtorch.metrics.pairs import count_pairs, sparse

K, TESTED = 2000, 3


def row(recipe, seed, number=K):
    """Return a stored row; class 0 is taken for class 7 and the last class is not tested."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(number - 1), TESTED)
    predicted = np.where(rng.random(len(y)) < 0.5, y, rng.integers(0, number, len(y)))
    predicted[y == 0] = 7
    counts = [*range(2, number + 1), 1]
    gaps = {name: rng.random(number).tolist() for name in ("gap", "gap_true", "gap_false", "norm")}
    return {
        "recipe": {"name": recipe},
        "seed": seed,
        "data": {
            "name": "many",
            "classes": [f"species {k}" for k in range(number)],
            "counts": counts,
            "hash": "0",
            "data_seed": 0,
            "profile": Profile.parse("none", 1.0).to_json(),
        },
        "metrics": classification_metrics(y, predicted, counts),
        "embedding": gaps,
        "seconds": 1.0,
        "model": "mlp",
        "epochs": 1,
        "augment": "none",
        "precision": "32-true",
        "setup": {},
        "versions": {},
        "history": [{"phase": "train", "epoch": 1, "loss": 1.0, "balanced_accuracy": 0.5}],
    }


def test_the_report_of_many_classes_is_small_and_says_what_it_shows(tmp_path):
    rows = [row(recipe, seed) for recipe in ("erm", "drw") for seed in (0, 1)]
    assert all(len(json.dumps(one["metrics"])) < 200 * K for one in rows)  # K x K: 3 K² bytes
    y = np.arange(K).repeat(TESTED)
    features = np.random.default_rng(0).normal(size=(len(y), 4)).astype(np.float32)
    embedded = {"features": features, "labels": y, "predicted": np.roll(y, 1)}
    path = write_report(tmp_path, rows, {"erm": embedded, "drw": embedded}, {})
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.*")) < 2_500_000
    page = path.read_text()
    for said in (
        "Each point is the mean of one of 100 groups of classes",
        "Only the 30 classes that all runs together confuse most are shown.",
        f"No held-out sample of species {K - 1}: recall is undefined there",
        "No probabilities of the first runs are stored",
    ):
        assert said in page
    assert all(f'"species {k}"' in page for k in range(K))
    assert len((tmp_path / "classes.csv").read_text().splitlines()) == 1 + K


def test_the_most_confused_classes_are_found():
    assert most_confused([row("erm", 0), row("erm", 1)], 2) == [0, 7]
    perfect = row("erm", 0)
    counts = perfect["data"]["counts"]
    perfect["metrics"] = classification_metrics(np.arange(K), np.arange(K), counts)
    assert most_confused([perfect], 2) == [K - 2, K - 3]  # the most frequent ones


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([3, 100, 101, 8142]).flatmap(
        lambda k: st.tuples(
            st.just(k),
            st.lists(st.tuples(*[st.integers(0, k - 1)] * 2), min_size=1, max_size=20),
        )
    )
)
def test_counted_pairs_are_the_confusion_matrix(case):
    number, pairs = case
    true, predicted = np.array(pairs).T
    packed = count_pairs(true, predicted, number)
    json.dumps(packed)
    assert isinstance(packed, dict) == (number > 100)
    matrix = sparse(packed, number)
    if number <= 101:
        expected = confusion_matrix(true, predicted, labels=range(number))
        np.testing.assert_array_equal(matrix.toarray(), expected)
        np.testing.assert_array_equal(unpack(packed, number), expected)
    assert matrix.sum() == len(pairs)
    np.testing.assert_array_equal(matrix.sum(1), np.bincount(true, minlength=number))
    assert matrix.diagonal().sum() == (true == predicted).sum()


@settings(deadline=None, max_examples=50)
@given(st.integers(101, 250), st.floats(-5, 5), st.integers(0, 99))
def test_groups_of_classes_keep_the_order_and_leave_out_what_is_undefined(number, value, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, number).tolist()
    values = np.where(rng.random(number) < 0.7, value, np.nan)
    places, means = over_classes(values, counts)
    known = means[~np.isnan(means)]
    np.testing.assert_allclose(known, value)
    assert (np.diff(places) > 0).all()
    _, samples = over_classes(counts, counts)
    assert (np.diff(samples) <= 0).all()  # from the most to the least frequent


def test_a_terminal_shows_the_ends_and_a_file_all():
    one = row("erm", 0)
    arguments = one["metrics"], one["data"]["classes"], one["data"]["counts"]
    for terminal, number in ((True, 100), (False, K)):
        out = io.StringIO()
        print_classes(*arguments, Console(file=out, width=80, force_terminal=terminal))
        shown = out.getvalue()
        assert shown.count("  species") == number
        assert ("send the output to a file" in shown) == terminal


@pytest.mark.parametrize("digits", [2, 6])
@pytest.mark.parametrize("number", [2, 7, 40])
def test_scores_are_those_of_scikit_learn(number, digits, monkeypatch):
    """One class is absent; rounded scores have ties."""
    monkeypatch.setattr(scores, "BLOCK", 1000)
    rng = np.random.default_rng(number)
    y = rng.integers(0, number, 300) % max(2, number - 1)
    p = rng.dirichlet(np.ones(number), 300).round(digits)
    made = scores.score_metrics(y, p)
    for k in range(number):
        own = y == k
        if not own.any():
            assert made["auprc"][k] is made["auroc"][k] is made["precision_at_90_recall"][k] is None
            continue
        precision, recall, _ = precision_recall_curve(own, p[:, k])
        expected = average_precision_score(own, p[:, k])
        assert made["auprc"][k] == pytest.approx(expected, abs=1e-12)
        assert made["auroc"][k] == pytest.approx(roc_auc_score(own, p[:, k]), abs=1e-12)
        best = precision[recall >= 0.9].max()
        assert made["precision_at_90_recall"][k] == pytest.approx(best, abs=1e-12)
    assert made["brier"] == pytest.approx(((p - np.eye(number)[y]) ** 2).sum() / 600, abs=1e-12)


def test_one_class_alone_has_no_area_under_the_curve():
    p = np.linspace(0, 1, 20)
    made = scores.score_metrics(np.zeros(20, int), np.stack([p, 1 - p], 1))
    assert made["auroc"] == [None, None]
    assert made["auprc"] == [1, None]
