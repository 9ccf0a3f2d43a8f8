"""Imbalance profiles give the papers' counts to the digit and choose from the right samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import (
    InputError,
    exponential_counts,
    linear_counts,
    make_imbalanced,
    step_counts,
)

PROFILES = [exponential_counts, step_counts, linear_counts]


@pytest.mark.parametrize(
    ("n_max", "num_classes", "ratio", "total"),
    [(5000, 10, 100, 12406), (5000, 10, 10, 20431), (500, 100, 100, 10847), (500, 100, 10, 19573)],
)
def test_long_tailed_cifar_has_the_published_size(n_max, num_classes, ratio, total):
    assert sum(exponential_counts(n_max, num_classes, ratio)) == total


def test_long_tailed_cifar10_has_the_published_counts():
    expected = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert exponential_counts(5000, 10, 100) == expected


def test_step_profile_has_the_asked_number_of_minority_classes():
    assert step_counts(5000, 10, 500, minority_fraction=0.9) == [5000] + [10] * 9


@pytest.mark.parametrize("profile", PROFILES)
@given(n_max=st.integers(1, 10_000), num_classes=st.integers(2, 200), ratio=st.floats(1, 1000))
def test_every_profile_falls_from_n_max_to_n_max_over_ratio(profile, n_max, num_classes, ratio):
    if n_max / ratio < 1:
        with pytest.raises(InputError, match="empty"):
            profile(n_max, num_classes, ratio)
        return
    counts = profile(n_max, num_classes, ratio)
    assert len(counts) == num_classes
    assert counts[0] == n_max
    assert abs(counts[-1] - n_max / ratio) <= 1
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("arguments", "named"),
    [((100, 1, 10), "num_classes"), ((0, 10, 10), "n_max"), ((100, 10, 0.5), "ratio")],
)
def test_bad_arguments_are_named(profile, arguments, named):
    with pytest.raises(InputError, match=named):
        profile(*arguments)


@given(st.lists(st.integers(0, 20), min_size=2, max_size=6), st.integers(0, 2**31))
def test_make_imbalanced_keeps_exactly_the_counts(counts, seed):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), 20))
    indices = make_imbalanced(y, counts, seed)
    assert np.bincount(y[indices], minlength=len(counts)).tolist() == counts
    assert len(set(indices.tolist())) == len(indices)
    assert np.array_equal(indices, make_imbalanced(y, counts, seed))


def test_make_imbalanced_says_what_is_missing():
    with pytest.raises(InputError, match=r"counts\[1\] is 3; class 1 has 2"):
        make_imbalanced([0, 0, 1, 1], [1, 3], 0)
    with pytest.raises(InputError, match="2"):
        make_imbalanced([0, 1, 2], [1, 1], 0)
