"""Imbalance profiles give the papers' counts to the digit and choose from the right samples."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError
from imbtorch.data import (
    Profile,
    exponential_counts,
    gaussian_reduction,
    linear_counts,
    make_imbalanced,
    random_reduction,
    step_counts,
)

many_counts = st.lists(st.integers(1, 400), min_size=2, max_size=12)
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
    if n_max / ratio + 1e-9 < 1:  # as much is taken for a rounding error
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


@pytest.mark.parametrize("text", ["exponential", "step:0.3", "random:0.9", "none", "auto"])
def test_a_profile_survives_json(text):
    profile = Profile.parse(text, 50)
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile
    assert text == "none" or str(profile) == f"{text}, ratio 50"
    with pytest.raises(FrozenInstanceError):
        profile.ratio = 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("random:0.9", "profile is 'random:0.9', which reduces four of the classes; DATA has 3"),
        ("gaussian:2", "profile is 'gaussian:2': fraction is 2"),
        ("step:0", "profile is 'step:0': minority_fraction is 0"),
        ("exponential", "^ratio is 100"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said_in_its_own_words(text, said):
    with pytest.raises(InputError, match=said):
        Profile.parse(text, 100).rows(np.repeat([0, 1, 2], 20), 3, 0)


@given(many_counts, st.floats(0, 0.99), st.integers(0, 9))
def test_gaussian_reduction_removes_the_fraction_and_empties_no_class(counts, fraction, seed):
    wanted = round(fraction * sum(counts))
    if wanted > sum(counts) - len(counts):
        with pytest.raises(InputError, match="without a sample"):
            gaussian_reduction(counts, fraction, seed)
        return
    kept = gaussian_reduction(counts, fraction, seed)
    assert sum(kept) == sum(counts) - wanted
    assert all(1 <= k <= n for k, n in zip(kept, counts, strict=True))
    assert kept == gaussian_reduction(counts, fraction, seed)


def test_gaussian_reduction_follows_the_density():
    removed = 10_000 - np.sort(gaussian_reduction([10_000] * 5, 0.2, 1))
    density = np.exp(-((np.arange(5) - 2) ** 2) / 2)
    expected = np.sort(10_000 * density / density.sum())[::-1]
    np.testing.assert_allclose(removed, expected, atol=1)


@given(st.floats(0, 0.999), st.integers(1, 9), st.integers(0, 9))
def test_random_reduction_takes_the_fraction_from_some_classes_alone(fraction, minority, seed):
    kept = random_reduction([1000] * 10, fraction, minority, seed)
    low = max(round(1000 * (1 - fraction)), 1)
    assert sorted(kept) == sorted([low] * minority + [1000] * (10 - minority))
