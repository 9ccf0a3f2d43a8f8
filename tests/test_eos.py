"""EOS: where synthetic points may lie, and what happens at the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbtorch import EOS, InputError
from imbtorch.resampling.eos import nearest_enemies


def make(seed, counts=(60, 20, 6), features=3):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(k, 1.0, (n, features)) for k, n in enumerate(counts)])
    return x, np.repeat(np.arange(len(counts)), counts)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 20))
def test_synthetic_points_lie_between_a_sample_and_its_enemy(seed, k):
    x, y = make(seed, features=2)
    try:
        x_new, y_new = EOS(k, random_state=seed).fit_resample(x, y)
    except UserWarning:  # a class without enemies: tested below
        return
    assert np.bincount(y_new).tolist() == [60, 60, 60]
    assert np.array_equal(x_new[: len(x)], x)
    assert np.array_equal(y_new[: len(y)], y)
    for target in (1, 2):
        rows, neighbors, enemies = nearest_enemies(x, y, target, k)
        base, enemy = np.nonzero(enemies)
        b, e = x[rows[base]], x[neighbors[base, enemy]]
        for point in x_new[len(x) :][y_new[len(y) :] == target]:
            along = ((point - b) * (e - b)).sum(1) / ((e - b) ** 2).sum(1)
            distance = np.linalg.norm(b + along[:, None] * (e - b) - point, axis=1)
            on_segment = (distance < 1e-9) & (along > -1e-9) & (along < 1 + 1e-9)
            assert on_segment.any()


def test_neighbours_are_the_nearest_others():
    x, y = make(0)
    rows, neighbors, enemies = nearest_enemies(x, y, 1, 5)
    for row, found, enemy in zip(rows, neighbors, enemies, strict=True):
        distance = np.linalg.norm(x - x[row], axis=1)
        distance[row] = np.inf
        np.testing.assert_allclose(distance[found], np.sort(distance)[:5])
        assert np.array_equal(enemy, y[found] != 1)


def test_duplicated_rows_never_count_as_their_own_neighbour():
    x, y = np.zeros((30, 2)), np.array([0] * 25 + [1] * 5)
    rows, neighbors, _ = nearest_enemies(x, y, 1, 4)
    assert not (neighbors == rows[:, None]).any()
    x_new, y_new = EOS(29, random_state=0).fit_resample(x, y)
    assert np.bincount(y_new).tolist() == [25, 25]
    assert (x_new == 0).all()


def test_a_class_without_enemies_is_repeated_and_named():
    x = np.concatenate([np.random.default_rng(0).normal(0, 1, (40, 2)), np.full((8, 2), 100.0)])
    y = np.array([0] * 40 + [7] * 8)
    with pytest.warns(UserWarning, match="class 7 has no enemy"):
        x_new, y_new = EOS(5, random_state=0).fit_resample(x, y)
    assert (y_new == 7).sum() == 40
    assert (x_new[y_new == 7] == 100).all()


def test_follows_its_random_state_and_keeps_the_dtype():
    x, y = make(1)
    for dtype in (np.float32, np.float64):
        first, _ = EOS(10, random_state=3).fit_resample(x.astype(dtype), y)
        second, _ = EOS(10, random_state=3).fit_resample(x.astype(dtype), y)
        assert first.dtype == dtype
        assert np.array_equal(first, second)
    assert not np.array_equal(first, EOS(10, random_state=4).fit_resample(x, y)[0])


@pytest.mark.parametrize("k", [0, 86, 1000])
def test_impossible_neighbour_numbers_are_refused(k):
    with pytest.raises(InputError, match="n_neighbors"):
        EOS(k).fit_resample(*make(0))
