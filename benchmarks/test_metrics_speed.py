"""Time the metrics of many classes as multiples of one look at the probabilities, within one run.

``make benchmark`` runs this and prints what it measures. The floor is one pass over the N x K
probabilities, and one scikit-learn's ranking per class on a few of the classes.
"""

import time

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from imbtorch.metrics import classification_metrics

N = 24_426
"""As many test samples as iNaturalist 2018 has for its 8,142 classes."""


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def ranked(y, p, classes):
    for k in classes:
        average_precision_score(y == k, p[:, k])
        roc_auc_score(y == k, p[:, k])


@pytest.mark.parametrize("number", [10, 100, 1000, 8142])
def test_many_classes(benchmark, number):
    rng = np.random.default_rng(0)
    y = np.arange(N) % number
    predicted = np.where(rng.random(N) < 0.6, y, rng.integers(0, number, N))
    counts = np.geomspace(1000, 2, number).astype(int).tolist()
    p = rng.random((N, number))
    p /= p.sum(1, keepdims=True)
    labels = seconds(classification_metrics, y, predicted, counts)
    whole = seconds(classification_metrics, y, predicted, counts, p)
    few = range(0, number, -(-number // 10))
    theirs = seconds(ranked, y, p, few) * number / len(few)
    look = seconds(p.sum)
    print(
        f"\n{number} classes: labels alone {labels:.3f} s; with probabilities {whole:.3f} s, "
        f"{theirs / whole:.1f} times faster than scikit-learn's two rankings ({theirs:.1f} s), "
        f"{whole / look:.0f} times one sum of the probabilities"
    )
    benchmark.extra_info.update(labels=labels, whole=whole, theirs=theirs, look=look)
    benchmark.pedantic(classification_metrics, (y, predicted, counts), rounds=1)
    assert labels < 2
    assert whole < theirs / 2
