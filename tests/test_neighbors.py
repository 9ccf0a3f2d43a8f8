"""Nearest neighbours: every method against the definition, and as scikit-learn's object."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE
from sklearn.base import clone

from imbtorch import InputError
from imbtorch.resampling import Neighbors, neighbors, search
from imbtorch.resampling.others import nearest_others


def data(n=500, features=8, dtype=np.float32):
    return np.random.default_rng(0).normal(100, 1, (n, features)).astype(dtype)


def true_neighbours(x, k):
    distances = np.linalg.norm(x[:, None].astype(float) - x[None].astype(float), axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, 1), order


@pytest.mark.parametrize("method", ["auto", "torch", "flat"])
def test_exact_methods_find_the_nearest_far_from_the_origin(method, monkeypatch):
    if method == "flat":
        pytest.importorskip("faiss")
    monkeypatch.setattr(search, "BLOCK", 1500)  # several blocks of queries
    x = data()
    distances, found = Neighbors(7, method=method).fit(x).kneighbors(x)
    expected, order = true_neighbours(x, 7)
    assert np.array_equal(found[:, 1:], order[:, 1:])
    np.testing.assert_allclose(distances[:, 1:], expected[:, 1:], rtol=1e-4)


def far_apart(n=1500):
    """Rows whose distances are far less than rounding leaves of a float32 inner product."""
    rng = np.random.default_rng(0)
    yield np.concatenate([rng.normal(c, 0.05, (n // 3, 8)) for c in (-100, 100, 300)])
    yield np.column_stack([rng.lognormal(10.5, 0.5, n), rng.integers(18, 90, n)])  # income, age
    yield np.column_stack([rng.uniform(0, 1e6, n), rng.normal(size=n)])


@pytest.mark.parametrize("x", [*far_apart()], ids=["clusters", "income", "uniform"])
def test_rounding_does_not_decide_which_rows_are_nearest(x):
    x = x.astype(np.float32)
    exact = x.astype(np.float64)
    distances, found = Neighbors(6, method="torch").fit(x).kneighbors(x)
    expected, _ = Neighbors(6, method="torch").fit(exact).kneighbors(exact)
    assert np.array_equal(found[:, 0], np.arange(len(x)))  # each itself, so that SMOTE drops it
    assert share_found(found, exact, slice(None), 6) > 0.999
    np.testing.assert_allclose(distances[:, 1:], expected[:, 1:], rtol=1e-2)


@given(
    n=st.integers(1, 90),
    k=st.integers(1, 90),
    features=st.integers(1, 3),
    block=st.integers(1, 500),
    seed=st.integers(0, 100),
)
def test_blocks_and_groups_change_nothing(n, k, features, block, seed):
    k = min(k, n)
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, features)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BLOCK", block)
        squared, indices = search.search_blocks(x, x, k)
    expected = torch.cdist(x, x).square()
    torch.testing.assert_close(squared, expected.sort(1).values[:, :k])
    torch.testing.assert_close(expected.gather(1, indices), squared)
    assert all(len(set(row)) == k for row in indices.tolist())


def test_doubles_are_searched_in_double_precision():
    x = data(dtype=np.float64)
    x[0] = x[1] + 1e-9
    nn = Neighbors().fit(x)
    assert nn.method_ == "torch"
    assert nearest_others(nn, x, np.array([0, 1]), 1).tolist() == [[1], [0]]


@pytest.mark.parametrize("method", ["ivf", "hnsw"])
def test_approximate_methods_reach_the_recall_and_say_it(method, caplog):
    pytest.importorskip("faiss")
    x = data(5000)
    nn = Neighbors(10, method=method, recall=0.98).fit(x)
    with caplog.at_level(logging.INFO, "imbtorch"):
        found = nn.kneighbors(x, return_distance=False)
    assert nn.recall_ >= 0.98
    assert "recall at 10" in caplog.text
    _, true = Neighbors(10, method="torch").fit(x).kneighbors(x)
    share = np.mean([len(np.intersect1d(a, b)) for a, b in zip(found, true, strict=True)]) / 10
    assert share == pytest.approx(nn.recall_, abs=0.02)
    everything = nn.kneighbors(x[:3], n_neighbors=4900, return_distance=False)
    assert (everything >= 0).all()


def test_the_choice_follows_size_and_is_logged(monkeypatch, caplog):
    pytest.importorskip("faiss")
    monkeypatch.setattr(neighbors, "EXACT_ROWS", 400)
    with caplog.at_level(logging.INFO, "imbtorch"):
        assert Neighbors().fit(data(400)).method_ == "torch"
        assert Neighbors().fit(data(401)).method_ == "cells"
    assert "401 x 8: cells" in caplog.text
    monkeypatch.setattr(search.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"imbalanced-torch\[knn\]"):
        Neighbors(method="flat").fit(data())


def clustered(n=6000, features=8):
    rng = np.random.default_rng(0)
    centers = rng.normal(0, 20, (30, features))
    return (100 + centers[np.arange(n) % 30] + rng.normal(0, 1, (n, features))).astype(np.float32)


def share_found(found, x, rows, k):
    _, true = Neighbors(method="torch").fit(x).kneighbors(x[rows], k)
    return np.mean([len(np.intersect1d(a, b)) for a, b in zip(found, true, strict=True)]) / k


@pytest.mark.parametrize("k", [1, 11, 200])
def test_cells_reach_the_recall_and_say_it(k, monkeypatch):
    monkeypatch.setattr(neighbors, "EXACT_ROWS", 5000)
    x = clustered()
    nn = Neighbors(k).fit(x)
    with pytest.warns(UserWarning, match=rf"6000 rows are approximate: recall (0\.99|1\.0).* {k},"):
        distances, found = nn.kneighbors(x)
    assert nn.method_ == "cells"
    assert nn.recall_ >= 0.99
    assert share_found(found, x, slice(None), k) >= 0.99
    assert all(len(set(row)) == k for row in found[:500].tolist())
    true = np.linalg.norm(x[:50, None].astype(float) - x[found[:50]].astype(float), axis=2)
    np.testing.assert_allclose(distances[:50], true, rtol=1e-4, atol=0.01)  # 0 to itself
    assert (np.diff(distances) >= 0).all()


def test_cells_leave_each_row_out_of_its_own_neighbors():
    x = clustered()
    nn = Neighbors(5, method="cells").fit(x)
    found = nn.kneighbors(return_distance=False)
    assert not (found == np.arange(len(x))[:, None]).any()
    _, true = Neighbors(5, method="torch").fit(x).kneighbors()
    assert np.mean([len(np.intersect1d(a, b)) for a, b in zip(found, true, strict=True)]) >= 4.95


def test_noise_and_few_queries_are_searched_exactly(monkeypatch, caplog):
    monkeypatch.setattr(neighbors, "EXACT_ROWS", 5000)
    noise = data(6000, 64)
    nn = Neighbors(10).fit(noise)
    with caplog.at_level(logging.INFO, "imbtorch"):
        found = nn.kneighbors(noise[:500], return_distance=False)
    assert "exact search" in caplog.text
    assert nn.method_ == "torch"
    assert not hasattr(nn, "recall_")
    _, true = Neighbors(10, method="torch").fit(noise).kneighbors(noise[:500])
    assert np.array_equal(found, true)
    x = clustered()
    assert share_found(Neighbors().fit(x).kneighbors(x[:63], 9)[1], x, slice(63), 9) == 1


def test_cells_of_equal_rows_and_far_queries_hold_enough_neighbors():
    x = np.repeat(clustered(40), 100, axis=0)
    nn = Neighbors(150, method="cells").fit(x)
    distances, found = nn.kneighbors(np.concatenate([x[:100], x[:100] + 1e3]))
    assert all(len(set(row)) == 150 for row in found.tolist())
    assert np.isfinite(distances).all()


def test_up_to_25000_rows_auto_is_the_exact_search():
    x = clustered(25_000, 4)
    nn = Neighbors().fit(x)
    assert nn.method_ == "torch"
    rows = np.arange(0, 25_000, 100)
    _, found = nn.kneighbors(x[rows], 10)
    single = torch.from_numpy(x.astype(np.float64))
    true = torch.cdist(single[rows], single).topk(10, largest=False).indices
    assert share_found(found, x, rows, 10) == 1
    assert np.mean(found == true.numpy()) > 0.99  # rounding may swap two that are level


def test_memory_of_a_search_is_bounded_by_blocks(monkeypatch):
    widest = []
    plain = search._nearest
    monkeypatch.setattr(search, "_nearest", lambda d, *a: widest.append(d.numel()) or plain(d, *a))
    monkeypatch.setattr(search, "WHOLE", 1000)
    monkeypatch.setattr(search, "BLOCK", 20_000)
    monkeypatch.setattr(search, "TILE", 500)
    x = torch.from_numpy(data(4000))
    search.search_blocks(x, x, 5)
    assert 0 < max(widest) <= 40 * (500 + 11)  # 20,000 distances, and padding


def test_tiles_change_nothing(monkeypatch):
    x = torch.from_numpy(data(3000, 5).astype(np.float64))
    whole = search.search_blocks(x, x[:200], 7)
    monkeypatch.setattr(search, "WHOLE", 1000)
    monkeypatch.setattr(search, "TILE", 700)
    tiled = search.search_blocks(x, x[:200], 7)
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-9)


def test_tensors_in_tensors_out():
    x = data(50)
    distances, found = Neighbors(3).fit(torch.from_numpy(x)).kneighbors(torch.from_numpy(x[:4]))
    assert isinstance(distances, torch.Tensor)
    assert np.array_equal(found.numpy(), Neighbors(3).fit(x).kneighbors(x[:4])[1])
    assert found.dtype == torch.int64


def test_stands_in_for_scikit_learns_object():
    x = data(60)
    y = np.repeat([0, 1], [45, 15])
    copied = clone(Neighbors(6, method="torch"))
    assert copied.get_params() == {"n_neighbors": 6, "method": "torch", "recall": 0.99}
    graph = copied.fit(x).kneighbors_graph(x)
    assert graph.shape == (60, 60)
    assert (graph.sum(1) == 6).all()
    ours = SMOTE(k_neighbors=Neighbors(6), random_state=0).fit_resample(x, y)[0]
    theirs = SMOTE(k_neighbors=5, random_state=0).fit_resample(x, y)[0]
    np.testing.assert_array_equal(ours, theirs)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="method is 'brute'"):
        Neighbors(method="brute").fit(data())
    for k in (0, 501):
        with pytest.raises(InputError, match=f"n_neighbors is {k}"):
            Neighbors(k).fit(data()).kneighbors(data())
    for recall in (2, -0.1, float("nan")):
        with pytest.raises(InputError, match=f"recall is {recall}"):
            Neighbors(method="cells", recall=recall).fit(data())
    for shape in ((4, 0), (0, 4), (4,)):
        with pytest.raises(InputError, match=r"it must be \(N, D\), both at least 1"):
            Neighbors().fit(np.zeros(shape))
    with pytest.raises(InputError, match=r"1\.\.499"):
        Neighbors(500).fit(data()).kneighbors()
