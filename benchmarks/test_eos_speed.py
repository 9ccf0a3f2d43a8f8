"""Time the over-samplers as multiples of their floors, measured in the same run.

``make benchmark`` runs these; they need the real embeddings in ../shared/data and print what they
measure. The floor of EOS is the bare float32 product of the samples of the rare classes with all
samples; that of a sampler of imbalanced-learn's is that sampler, on as many threads. Both sides run
one after the other, and processor time counts, so that a busy machine slows down both.
"""

import math
import time
import warnings
from pathlib import Path

import imblearn.over_sampling as imblearn
import numpy as np
import pytest
import torch

from imbtorch.data import exponential_counts
from imbtorch.resampling import EOS, SVMSMOTE, BorderlineSMOTE
from imbtorch.sklearn import EmbeddingHead

FILE = Path(__file__).resolve().parents[2] / "shared/data/cifar10_lt_embeddings/embeddings.npz"


def bare_product(x, y):
    """Multiply the samples of all classes but the largest with all samples, in blocks."""
    base = torch.from_numpy(x)
    rare = base[torch.from_numpy(y != np.bincount(y).argmax())]
    out = torch.empty(256, len(base))
    for block in rare.split(256):
        torch.mm(block, base.T, out=out[: len(block)])


def grown(x, y, rows):
    """Repeat embeddings with noise of .3 standard deviations until there are so many rows."""
    rng = np.random.default_rng(0)
    i = np.arange(rows) % len(x)
    noise = (
        0.3 * x.std(0) * rng.normal(size=(rows, x.shape[1])) * (np.arange(rows) >= len(x))[:, None]
    )
    return (x[i] + noise).astype(np.float32), y[i]


@pytest.fixture(scope="module")
def embeddings():
    if not FILE.is_file():
        pytest.skip(f"{FILE} is absent")
    with np.load(FILE) as arrays:
        return arrays["train_features"], arrays["train_labels"]


def hundred_classes():
    counts = exponential_counts(500, 100, 10)
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(100), counts)
    centers = rng.normal(0, 1, (100, 64))
    return (centers[y] + rng.normal(0, 1.5, (len(y), 64))).astype(np.float32), y


def seconds(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def measure(ours, floor, x, y, rounds=3):
    """Return the median of ours / floor, and print both times."""
    ours(x[::8], y[::8])  # loads what is loaded on first use
    pairs = np.array([(seconds(ours, x, y), seconds(floor, x, y)) for _ in range(rounds)])
    ratio = float(np.median(pairs[:, 0] / pairs[:, 1]))
    mine, other = np.median(pairs, 0)
    print(f"\n{len(x)} rows: ours {mine:.3f} s, floor {other:.3f} s, {ratio:.2f} times the floor")
    return ratio


def resampling(sampler):
    """Return a function that resamples, without warnings of classes without enemies."""

    def run(x, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            sampler.fit_resample(x, y)

    return run


@pytest.mark.parametrize(("k", "limit"), [(10, 1.5), (300, 3)])
def test_eos(benchmark, embeddings, k, limit):
    eos = resampling(EOS(k, random_state=0))
    ratio = measure(eos, bare_product, *embeddings)
    benchmark.extra_info["floors"] = ratio
    benchmark.pedantic(eos, embeddings, rounds=1)
    assert ratio <= limit


def test_eos_of_a_hundred_classes(benchmark):
    eos = resampling(EOS(10, random_state=0))
    ratio = measure(eos, bare_product, *hundred_classes())
    benchmark.extra_info["floors"] = ratio
    benchmark.pedantic(eos, hundred_classes(), rounds=1)
    assert ratio <= 1.5


def test_eos_grows_less_than_the_product(benchmark, embeddings):
    """From 25,000 rows on, where the product grows with exponent 2."""
    sizes = (25_000, 100_000)
    taken = []
    for rows in sizes:
        x, y = grown(*embeddings, rows)
        eos = EOS(10, random_state=0)
        taken.append(min(seconds(resampling(eos), x, y) for _ in range(2)))
        print(f"\n{rows} rows: {taken[-1]:.2f} s")
    resampling(eos)(x, y)
    exponent = math.log(taken[1] / taken[0]) / math.log(sizes[1] / sizes[0])
    print(f"exponent {exponent:.2f}")
    benchmark.extra_info["exponent"] = exponent
    benchmark.pedantic(resampling(EOS(10, random_state=0)), (x, y), rounds=1)
    assert exponent <= 1.3


@pytest.mark.parametrize(
    ("data", "limit"), [("embeddings", 0.8), ("hundred classes", 0.8), ("50,000 rows", 1 / 3)]
)
def test_borderline_smote(benchmark, embeddings, data, limit):
    """Exact search is bound by the product, as imbalanced-learn's is; the cells are not."""
    x, y = hundred_classes() if data == "hundred classes" else embeddings
    if data == "50,000 rows":
        x, y = grown(x, y, 50_000)
    both = BorderlineSMOTE, imblearn.BorderlineSMOTE
    ours, theirs = (resampling(sampler(random_state=0)) for sampler in both)
    ratio = measure(ours, theirs, x, y, rounds=1 if len(x) > 20_000 else 3)
    benchmark.extra_info["floors"] = ratio
    benchmark.pedantic(ours, (x, y), rounds=1)
    assert ratio <= limit


def test_svm_smote_of_a_hundred_classes(benchmark):
    """On a part of the rows: imbalanced-learn fits the machine once for every class."""
    x, y = (a[::8] for a in hundred_classes())
    ours, theirs = (resampling(s(random_state=0)) for s in (SVMSMOTE, imblearn.SVMSMOTE))
    resampling(BorderlineSMOTE())(x, y)  # loads what is loaded on first use
    ratio = seconds(ours, x, y) / seconds(theirs, x, y)
    print(f"\n{len(x)} rows: {ratio:.4f} of imbalanced-learn's time")
    benchmark.extra_info["floors"] = ratio
    benchmark.pedantic(ours, (x, y), rounds=1)
    assert ratio <= 1 / 20


def test_time_grows_linearly_with_what_is_generated(benchmark, embeddings):
    """Three times as many rows take less than three times as long plus a fifth (3.6 times)."""
    x, y = embeddings
    most = np.bincount(y).max()
    targets = {n: dict.fromkeys(range(1, 10), most + n) for n in (100_000, 300_000)}
    taken = {n: [] for n in targets}
    for _ in range(3):
        for n, target in targets.items():
            eos = EOS(10, sampling_strategy=target, random_state=0)
            taken[n].append(seconds(eos.fit_resample, x, y))
    few, many = (min(taken[n]) for n in targets)
    print(f"\n900,000 rows {few:.3f} s, 2,700,000 rows {many:.3f} s, ratio {many / few:.2f}")
    benchmark.extra_info.update(few=few, many=many)
    benchmark.pedantic(EOS(10, random_state=0).fit_resample, (x, y), rounds=1)
    assert many < 3.6 * few


def test_head_on_50000_embeddings(benchmark):
    y = np.arange(50_000) % 10
    x = np.random.default_rng(0).normal(0, 1, (50_000, 64)).astype(np.float32)
    head = EmbeddingHead(None, random_state=0)
    benchmark.pedantic(head.fit, (x, y), rounds=1)
    assert benchmark.stats.stats.max < 10
