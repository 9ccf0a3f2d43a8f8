"""EOS: where synthetic points may lie, where they come from, and what happens at the edges."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import NearestNeighbors

from imbtorch import InputError
from imbtorch.resampling import EOS

no_enemy = pytest.mark.filterwarnings("ignore:class .* has no enemy")
checks = parametrize_with_checks([EOS(n_neighbors=3, random_state=0)])


@no_enemy
@pytest.mark.parametrize(checks.args[0], list(checks.args[1]), **checks.kwargs)
def test_keeps_the_contract_of_imbalanced_learn(estimator, check):
    check(estimator)


def make(seed, counts=(60, 20, 6), features=3):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(k, 1.0, (n, features)) for k, n in enumerate(counts)])
    return x, np.repeat(np.arange(len(counts)), counts)


def neighbours(x, row, k):
    """The k nearest other rows, by the definition."""
    distance = np.linalg.norm(x - x[row], axis=1)
    distance[row] = np.inf
    return np.argsort(distance, kind="stable")[:k]


@no_enemy
@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    k=st.integers(1, 20),
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=4).filter(lambda n: sum(n) > 20),
    features=st.integers(1, 4),
    away=st.booleans(),
)
def test_every_synthetic_row_comes_from_a_base_an_enemy_and_r(seed, k, counts, features, away):
    x, y = make(seed, counts, features)
    eos = EOS(k, direction="away" if away else "toward", random_state=seed)
    x_new, y_new = eos.fit_resample(x, y)
    assert np.bincount(y_new).tolist() == [max(counts)] * len(counts)
    assert np.array_equal(x_new[: len(x)], x)
    assert np.array_equal(y_new[: len(y)], y)
    points, labels = x_new[len(x) :], y_new[len(y) :]
    base, enemy, r = eos.base_indices_, eos.enemy_indices_, eos.r_
    assert np.array_equal(y[base], labels)
    assert ((r >= 0) & (r < 1)).all()
    repeated = enemy < 0
    assert np.array_equal(points[repeated], x[base[repeated]])
    assert (r[repeated] == 0).all()
    drawn = ~repeated
    assert (y[enemy[drawn]] != labels[drawn]).all()
    sign = -1 if away else 1
    expected = x[base] + sign * r[:, None] * (x[enemy] - x[base])
    np.testing.assert_allclose(points[drawn], expected[drawn], rtol=0, atol=1e-12)
    for b, e in set(zip(base[drawn].tolist(), enemy[drawn].tolist(), strict=True)):
        assert e in neighbours(x, b, k)
    again = EOS(k, direction=eos.direction, random_state=seed).fit_resample(x, y)
    assert np.array_equal(again[0], x_new)


def test_bases_enemies_and_r_are_drawn_uniformly():
    x, y = np.array([[0.0], [0.1], [1.0], [1.1], [9.0]]), np.array([1, 1, 0, 0, 0])
    eos = EOS(3, sampling_strategy={1: 20_002}, random_state=0)
    eos.fit_resample(x, y)  # each base has the enemies 2 and 3
    pairs = np.bincount(eos.base_indices_ * 2 + eos.enemy_indices_ - 2, minlength=4)
    assert np.abs(pairs - 5000).max() < 5 * 5000**0.5
    assert np.abs(np.histogram(eos.r_, 4, (0, 1))[0] - 5000).max() < 5 * 5000**0.5


def test_the_few_samples_with_enemies_are_drawn_alike():
    """Of 500 samples, 20 have an enemy: the others are searched, left, and drawn again."""
    far = np.linspace(1000.0, 2000.0, 480)
    pairs = 10.0 * np.arange(20)
    x = np.concatenate([pairs, far, pairs + 0.1, np.linspace(-2000.0, -1000.0, 981)])[:, None]
    y = np.array([1] * 500 + [0] * 1001)
    eos = EOS(1, sampling_strategy={1: 10_500}, random_state=0)
    eos.fit_resample(x, y)
    drawn = np.bincount(eos.base_indices_, minlength=20)
    assert len(drawn) == 20
    assert np.abs(drawn - 500).max() < 5 * 500**0.5
    assert np.array_equal(eos.enemy_indices_, eos.base_indices_ + 500)


def test_only_samples_drawn_are_searched():
    class Counted(NearestNeighbors):
        searched: ClassVar[list[int]] = []

        def kneighbors(self, X, **options):
            self.searched.append(len(X))
            return super().kneighbors(X, **options)

    x, y = make(0, (300, 290))
    EOS(30, random_state=0, nn=Counted()).fit_resample(x, y)  # 10 rows are missing
    assert sum(Counted.searched) <= 30


def test_compat_takes_the_neighbour_before_the_enemy():
    x, y = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]]), np.array([1, 1, 0, 0, 0])
    eos = EOS(2, compat=True, random_state=0)
    x_new, _ = eos.fit_resample(x, y)
    # neighbours of 0 are 1, 2 (enemy) and those of 1 are 0, 2 (enemy): the ones before are taken
    assert eos.enemy_indices_[0] == 1 - eos.base_indices_[0]
    assert 0 <= x_new[-1, 0] <= 1


def test_duplicated_rows_never_count_as_their_own_neighbour():
    x, y = np.zeros((30, 2)), np.array([0] * 25 + [1] * 5)
    eos = EOS(29, random_state=0)
    x_new, y_new = eos.fit_resample(x, y)
    assert np.bincount(y_new).tolist() == [25, 25]
    assert (x_new == 0).all()
    assert (eos.enemy_indices_ < 25).all()


def test_a_class_without_enemies_is_repeated_and_named():
    x = np.concatenate([np.random.default_rng(0).normal(0, 1, (40, 2)), np.full((8, 2), 100.0)])
    y = np.array([0] * 40 + [7] * 8)
    with pytest.warns(UserWarning, match="class 7 has no enemy"):
        x_new, y_new = EOS(5, random_state=0).fit_resample(x, y)
    assert (y_new == 7).sum() == 40
    assert (x_new[y_new == 7] == 100).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_array_tensor_and_memory_map_give_the_same(dtype, tmp_path):
    x, y = make(1)
    x = x.astype(dtype)
    array, labels = EOS(10, random_state=3).fit_resample(x, y)
    assert array.dtype == dtype
    tensor, tensor_labels = EOS(10, random_state=3).fit_resample(
        torch.from_numpy(x), torch.from_numpy(y)
    )
    assert np.array_equal(tensor.numpy(), array)
    assert np.array_equal(tensor_labels.numpy(), labels)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.array_equal(EOS(10, random_state=3).fit_resample(mapped, y)[0], array)
    assert not np.array_equal(EOS(10, random_state=4).fit_resample(x, y)[0], array)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_stay_on_their_device():
    x, y = make(1)
    here, _ = EOS(10, random_state=3).fit_resample(torch.tensor(x), torch.tensor(y))
    there, labels = EOS(10, random_state=3).fit_resample(
        torch.tensor(x, device="cuda"), torch.tensor(y, device="cuda")
    )
    assert there.device.type == labels.device.type == "cuda"
    torch.testing.assert_close(there.cpu(), here)


def test_integers_stay_integers_between_base_and_enemy():
    x = np.array([[0], [10], [250], [255], [240], [20]], dtype=np.uint8)
    y = np.array([1, 1, 0, 0, 0, 0])
    eos = EOS(5, random_state=0)
    x_new, _ = eos.fit_resample(x, y)
    assert x_new.dtype == np.uint8
    ends = np.sort([x[eos.base_indices_, 0], x[eos.enemy_indices_, 0]], axis=0)
    assert ((ends[0] <= x_new[6:, 0]) & (x_new[6:, 0] <= ends[1])).all()


def test_any_neighbour_search_can_be_handed_over():
    class Plain:
        def fit(self, X):
            self.search = NearestNeighbors().fit(X)
            return self

        def kneighbors(self, *args, **options):
            return self.search.kneighbors(*args, **options)

    x, y = make(2)
    own = EOS(10, random_state=0).fit_resample(x, y)[0]
    for search in (NearestNeighbors(), Plain()):
        made = EOS(10, random_state=0, nn=search).fit_resample(x, y)[0]
        assert np.array_equal(made, own)


def test_works_in_a_pipeline_under_cross_validation():
    x, y = make(3, (100, 40, 20))
    model = make_pipeline(EOS(5, random_state=0), LogisticRegression())
    scores = cross_val_score(model, x, y, scoring="balanced_accuracy")
    assert scores.mean() > 0.6


@pytest.mark.parametrize("k", [0, 86, 1000])
def test_impossible_neighbour_numbers_are_refused(k):
    with pytest.raises(InputError, match=f"n_neighbors is {k}; .* a whole number in 1..85"):
        EOS(k).fit_resample(*make(0))


def test_other_bad_input_is_refused():
    x, y = make(0)
    with pytest.raises(InputError, match="direction is 'up'"):
        EOS(direction="up").fit_resample(x, y)
    x[3] = np.nan
    with pytest.raises(InputError, match=r"NaN .* \(3\)"):
        EOS().fit_resample(torch.tensor(x), y)
    with pytest.raises(InputError, match="shape"):
        EOS().fit_resample(torch.zeros(4, 2), torch.zeros(3))


def test_tensors_of_bytes_are_resampled_as_arrays_of_bytes():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 4), np.uint8), np.repeat([0, 1], [20, 10])
    expected, _ = EOS(random_state=0).fit_resample(x, y)
    found, _ = EOS(random_state=0).fit_resample(torch.from_numpy(x), torch.from_numpy(y))
    assert np.array_equal(found.numpy(), expected)


def test_one_class_alone_is_refused_in_one_way():
    x, y = np.random.default_rng(0).normal(size=(6, 2)), np.zeros(6, int)
    for pair in ((x, y), (torch.from_numpy(x), torch.from_numpy(y))):
        with pytest.raises(InputError, match=r"EOS cannot resample class counts \[6\]"):
            EOS().fit_resample(*pair)
