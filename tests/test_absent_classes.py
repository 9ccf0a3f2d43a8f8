"""A class without a test sample is undefined: named, and left out of every average."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from imbtorch import build_model, evaluate, fit
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.report.summary import summarize
from imbtorch.comparison.report.table import markdown_table, print_classes
from imbtorch.comparison.report.tsne_plots import tsne
from imbtorch.data import minority_classes
from imbtorch.data.arrays import labels_of, take
from imbtorch.metrics import classification_metrics
from imbtorch.reproduction.measures import measure
from imbtorch.reproduction.quick import few_of_each
from imbtorch.sklearn import ImbalancedClassifier
from imbtorch.training.held_out import balanced_accuracy

AVERAGES = (
    "balanced_accuracy",
    "gmean_recall",
    "gmean_macro",
    "f1_macro",
    "accuracy",
    "majority_recall",
    "minority_recall",
    "many_recall",
    "medium_recall",
    "few_recall",
    "worst_recall",
)
labelled = st.integers(2, 6).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.lists(st.tuples(*[st.integers(0, k - 1)] * 2), min_size=1, max_size=30),
    )
)


def test_perfect_predictions_are_perfect_without_a_class():
    y = [0, 0, 1, 2, 4]
    scores = np.eye(5)[y]
    metrics = classification_metrics(y, y, [500, 300, 50, 30, 5], scores, [0.2] * 5)
    assert [metrics[name] for name in AVERAGES] == [1.0] * len(AVERAGES)
    for name in ("recall", "precision", "f1", "auprc"):
        assert metrics[name] == [1.0, 1.0, 1.0, None, 1.0]
    assert metrics["ece"] == metrics["ece_corrected"] == 0.0
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_predicting_an_absent_class_is_an_error_of_the_true_class():
    metrics = classification_metrics([0, 0, 1, 1], [0, 2, 1, 1], [50, 20, 5])
    assert metrics["recall"] == [0.5, 1.0, None]
    assert metrics["precision"] == [1.0, 1.0, None]
    assert metrics["balanced_accuracy"] == 0.75
    assert metrics["confusion"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(deadline=None, max_examples=50)
@given(labelled)
def test_the_average_is_that_of_scikit_learn_and_of_training(case):
    k, pairs = case
    true, predicted = np.array(pairs).T
    metrics = classification_metrics(true, predicted, [1] * k)
    expected = balanced_accuracy_score(true, predicted)
    assert metrics["balanced_accuracy"] == expected
    logits = torch.nn.functional.one_hot(torch.from_numpy(predicted), k).float()
    assert balanced_accuracy(logits, torch.from_numpy(true)) == expected


@settings(deadline=None, max_examples=50)
@given(labelled)
def test_with_all_classes_nothing_changes(case):
    """The figures are, bit for bit, those of the definitions that version 0.2 used."""
    k, pairs = case
    true, predicted = np.array([*pairs, *((label, 0) for label in range(k))]).T
    metrics = classification_metrics(true, predicted, range(k, 0, -1))
    confusion = confusion_matrix(true, predicted, labels=range(k))
    recall = confusion.diagonal() / confusion.sum(1)
    minority = minority_classes(range(k, 0, -1))
    assert metrics["recall"] == recall.tolist()
    assert metrics["balanced_accuracy"] == recall.mean()
    assert metrics["majority_recall"] == recall[~minority].mean()
    assert metrics["minority_recall"] == recall[minority].mean()
    assert metrics["f1_macro"] == f1_score(true, predicted, average="macro", zero_division=0)
    assert metrics["confusion"] == confusion.tolist()


@settings(deadline=None, max_examples=50)
@given(labelled, st.integers(0, 6), st.randoms(use_true_random=False))
def test_a_class_that_is_neither_tested_nor_predicted_changes_no_average(case, place, random):
    k, pairs = case
    true, predicted = np.array(pairs).T
    assume(len(set(true.tolist())) > 1)
    counts = [random.randint(1, 300) for _ in range(k)]
    scores = np.array([[random.random() for _ in range(k)] for _ in true])
    scores[range(len(true)), predicted] += 1
    scores /= scores.sum(1, keepdims=True)
    place = min(place, k)
    wider = np.insert(scores, place, 0.0, axis=1)
    alone = classification_metrics(true, predicted, counts, scores)
    moved = [labels + (labels >= place) for labels in (true, predicted)]
    beside = classification_metrics(*moved, [*counts[:place], 150, *counts[place:]], wider)
    # by the rule for majority classes, another class's count can move the line between the two
    same = [name for name in AVERAGES if name not in ("majority_recall", "minority_recall")]
    assert [beside[name] for name in same] == [alone[name] for name in same]
    assert beside["ece"] == alone["ece"]
    for name in ("recall", "precision", "f1", "auprc"):
        values = list(beside[name])
        assert values.pop(place) is None
        assert values == alone[name]


def test_training_evaluation_and_estimator_take_the_same_test_set(blobs):
    x, y = blobs
    tested = torch.as_tensor(y) != 1
    test = (x[tested], y[tested])
    result = fit("erm", build_model("mlp", (2,), 3), blobs, test, epochs=2)
    metrics = evaluate(result.model, test, [60, 30, 10])
    assert metrics["recall"][1] is None
    assert result.history[-1]["balanced_accuracy"] == metrics["balanced_accuracy"]
    model = ImbalancedClassifier("erm", epochs=1, random_state=0).fit(x, y)
    assert 0 <= model.score(test[0], np.asarray(test[1])) <= 1


def test_a_comparison_names_the_class_everywhere(tmp_path, capsys):
    task = few_of_each(make_task("digits", ratio=5, epochs=2, model="mlp"))
    kept = np.flatnonzero(labels_of(task.data.test).numpy() != 9)
    names = (*(f"digit {k}" for k in range(9)), "nine")
    data = replace(task.data, test=take(task.data.test, kept), classes=names)
    task = replace(task, data=data)
    row = task.result("erm", 0, task.fit("erm", 0))
    json.dumps(row, allow_nan=False)
    write_report(tmp_path, [row], {}, {})
    assert row["metrics"]["recall"][9] is row["embedding"]["gap"][9] is None
    assert row["history"][-1]["balanced_accuracy"] == row["metrics"]["balanced_accuracy"]
    assert measure("recall")(row) == pytest.approx(100 * row["metrics"]["balanced_accuracy"])
    assert np.isnan(measure("minority f1")({**row, "data": {"counts": [99] * 9 + [1]}}))
    said = "No held-out sample of nine: recall is undefined there"
    page = (tmp_path / "report.html").read_text()
    assert said in page
    assert "Gray: no held-out sample." in page
    assert (tmp_path / "classes.csv").read_text().splitlines()[-1] == (
        f"nine,{data.counts[9]},0,,,"
    )
    assert said in markdown_table(summarize([row]), "digits")
    print_classes(row["metrics"], names, data.counts, Console(width=200))
    shown = capsys.readouterr().out
    assert said in shown
    assert [line.split()[-1] for line in shown.splitlines() if "  nine " in line] == ["-"]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_so_few_embeddings_have_a_place_in_the_plane(number):
    points = tsne(np.random.default_rng(0).normal(size=(number, 4)).astype(np.float32))
    assert points.shape == (number, 2)
    assert np.isfinite(points).all()
