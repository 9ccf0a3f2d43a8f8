"""Time EOS against the obvious implementation, as ratios within one run.

``make benchmark`` runs these; they need the real embeddings in ../shared/data and print what they
measure. A ratio is the median over rounds in which both sides run one after the other, so that a
busy machine slows down both.
"""

import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from imbtorch.data import exponential_counts
from imbtorch.resampling import EOS
from imbtorch.sklearn import EmbeddingHead

FILE = Path(__file__).resolve().parents[2] / "shared/data/cifar10_lt_embeddings/embeddings.npz"


def obvious_eos(x, y, k, random_state):
    """Search the neighbors of all rows, then of each class again, and loop over bases in Python."""
    rng = np.random.default_rng(random_state)
    search = NearestNeighbors(n_neighbors=k + 1).fit(x)
    every = search.kneighbors(x, return_distance=False)
    counts = np.bincount(y)
    new_x, new_y = [x], [y]
    for target in np.flatnonzero(counts < counts.max()):
        bases, chances = [], []
        for found in search.kneighbors(x[y == target], return_distance=False):
            enemy = [float(label != target) for label in y[found[1:]]]
            if sum(enemy):
                bases.append(found[0])
                chances.append([value / sum(enemy) for value in enemy])
        for _ in range(counts.max() - counts[target]):
            i = rng.integers(len(bases))
            base, place = bases[i], rng.choice(k, p=chances[i])
            enemy = every[base, 1 + place]
            new_x.append((x[base] + rng.random() * (x[enemy] - x[base]))[None])
            new_y.append([target])
    return np.concatenate(new_x), np.concatenate(new_y)


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
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def compare(benchmark, x, y, k, limit, rounds=3):
    """Check the ratio of EOS to the obvious implementation, and report both times."""
    ours, theirs = [], []
    EOS(k, random_state=0).fit_resample(x[::4], y[::4])  # loads what is loaded on first use
    for seed in range(rounds):
        theirs.append(seconds(obvious_eos, x, y, k, seed))
        ours.append(seconds(EOS(k, random_state=seed).fit_resample, x, y))
    ratios = np.array(theirs) / ours
    benchmark.extra_info.update(
        obvious=float(np.median(theirs)), eos=float(np.median(ours)), ratio=float(np.median(ratios))
    )
    print(
        f"\nk {k}: obvious {np.median(theirs):.3f} s, EOS {np.median(ours):.3f} s, "
        f"ratio {np.median(ratios):.1f} (from {ratios.min():.1f} to {ratios.max():.1f})"
    )
    benchmark.pedantic(EOS(k, random_state=0).fit_resample, (x, y), rounds=3)
    assert np.median(ratios) >= limit


@pytest.mark.filterwarnings("ignore:class .* has no enemy")
@pytest.mark.parametrize(("k", "limit"), [(10, 8), (300, 6)])
def test_cifar10_embeddings(benchmark, embeddings, k, limit):
    compare(benchmark, *embeddings, k, limit)


def test_hundred_classes(benchmark):
    compare(benchmark, *hundred_classes(), 10, 8)


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
