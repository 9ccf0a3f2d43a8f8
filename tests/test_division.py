"""How samples are divided: what belongs together is never divided, and no class is lost."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from imbtorch.data.copies import copies, copies_in, kept_together
from imbtorch.data.division import Division
from imbtorch.data.hold_out import validation_rows
from imbtorch.data.rows import Rows, Split
from imbtorch.data.split_by import SplitBy, latest
from imbtorch.data.stratified import stratified
from imbtorch.errors import InputError

labels = st.lists(st.integers(0, 2), min_size=8, max_size=60).map(np.array)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def grouped(values):
    by = SplitBy("group", "patient", np.asarray(values))
    return Division(by.values.astype(np.int64), by)


@few
@given(labels, st.integers(1, 40), st.integers(0, 3))
def test_copies_stay_together_and_no_class_is_lost(y, distinct, seed):
    together = kept_together(np.random.default_rng(seed).integers(0, distinct, len(y)), y)
    kept, held = Division(together).hold_out(y, 0.25, seed)
    assert sorted([*kept, *held]) == list(range(len(y)))
    assert not np.intersect1d(together[kept], together[held]).size
    assert np.array_equal(np.unique(y[kept]), np.unique(y))


@few
@given(labels, st.integers(0, 3))
def test_without_copies_the_split_is_the_stratified_one(y, seed):
    for a, b in zip(
        Division(np.arange(len(y))).hold_out(y, 0.25, seed), stratified(y, 0.25, seed), strict=True
    ):
        assert np.array_equal(a, b)


@few
@given(labels, st.integers(2, 12), st.integers(0, 3))
def test_no_group_is_divided(y, groups, seed):
    division = grouped(np.random.default_rng(seed).integers(0, groups, len(y)))
    try:
        kept, held = division.hold_out(y, 0.25, seed)
    except InputError:
        reject()
    assert not np.intersect1d(division.by.values[kept], division.by.values[held]).size
    assert np.array_equal(np.unique(y[kept]), np.unique(y))


@few
@given(labels, st.integers(2, 4), st.integers(0, 3), st.booleans())
def test_folds_hold_out_each_sample_once_and_divide_nothing(y, folds, seed, groups):
    numbers = np.random.default_rng(seed).integers(0, 15, len(y))
    numbers = numbers if groups else kept_together(numbers, y)
    division = grouped(numbers) if groups else Division(numbers)
    try:
        made = division.folds(y, folds, seed)
    except InputError:
        reject()
    assert set(made) == set(range(folds))
    assert all(len(set(made[numbers == n])) == 1 for n in set(numbers.tolist()))
    for k in range(folds):
        assert np.array_equal(np.unique(y[made != k]), np.unique(y))


def test_folds_have_equal_shares_of_each_class():
    y = np.repeat([0, 1, 2], [40, 10, 5])
    made = Division(np.arange(len(y))).folds(y, 5, 0)
    assert [np.bincount(y[made == k]).tolist() for k in range(5)] == [[8, 2, 1]] * 5


def test_groups_and_copies_are_linked():
    # the copies 1 and 2 are of two patients, so that these two stay together
    by = SplitBy("group", "patient", np.array([0, 0, 1, 1, 2, 3]))
    split = Split(Rows(np.zeros((6, 1))), np.array([0, 0, 0, 1, 1, 0]), by)
    division = Division.joined(np.array([0, 1, 1, 3, 4, 5]), split)
    assert len(set(division.together[:4])) == 1
    assert len(set(division.together)) == 3


@few
@given(st.lists(st.integers(0, 20), min_size=2, max_size=50).map(np.array))
def test_what_is_later_is_held_out(times):
    by = SplitBy("time", "day", times)
    if len(np.unique(times)) == 1:
        with pytest.raises(InputError, match="day"):
            latest(by, 0.25)
        return
    held = latest(by, 0.25)
    assert times[~held].max() < times[held].min()


def test_a_class_too_rare_is_named_before_training():
    y = np.array(["owl"] * 2 + ["hen"] * 9)
    with pytest.raises(InputError, match=r"at least 3 samples.*owl \(2\): take fewer folds"):
        Division(np.arange(11)).folds(y, 3, 0)
    with pytest.raises(InputError, match=r"2 different samples.*owl \(1\)"):
        Division(np.array([0, 0, *range(2, 11)])).check(y, 2, "")
    with pytest.raises(InputError, match=r"2 groups of 'patient'.*owl \(1\)"):
        grouped([0, 0, *range(1, 10)]).folds(y, 2, 0)
    with pytest.raises(InputError, match="2 groups of 'patient', and each fold"):
        grouped([0, 1, *[0, 1, 0, 1, 0, 1, 0, 1, 0]]).folds(y, 3, 0)
    with pytest.raises(InputError, match="later than those it is tested on"):
        Division(np.arange(11), SplitBy("time", "day", np.arange(11))).folds(y, 2, 0)


def test_a_class_of_copies_of_one_sample_is_trained_and_not_chosen_by():
    y = np.repeat([0, 1, 2], [30, 6, 1])
    together = np.where(y == 1, 30, np.arange(len(y)))
    kept, held = validation_rows(y, 0, Division(together))
    assert np.bincount(y[kept])[1:].tolist() == [6, 1]
    assert np.unique(y[held]).tolist() == [0]
    with pytest.raises(InputError, match="no class has two"):
        validation_rows(y[30:], 0, Division(together[30:]))


def test_images_are_compared_as_they_are_stored(tmp_path):
    files = {"a": b"one", "b": b"two", "c": b"one", "d": b"longer"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    rows = [{"bytes": None, "path": str(tmp_path / name)} for name in [*files, "missing"]]
    rows += [{"bytes": b"two", "path": None}, {"bytes": None, "path": None}]
    (numbers,) = copies(Rows(np.array(rows, dtype=object)))
    assert numbers.tolist() == [0, 1, 0, 3, 4, 1, 6]


def test_equal_rows_of_coarse_columns_are_no_copies():
    x = np.array([[0, 1]] * 4 + [[1, 1]] * 4 + [[2, 2], [2, 2], [3, 3]])
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1])
    assert len(set(copies_in("features", Split(Rows(x), y))[0])) == 11
    assert len(set(copies_in("image", Split(Rows(x), y))[0])) == 4
    assert (
        len(set(copies_in("features", Split(Rows(x), np.repeat([0, 1, 0, 1], [4, 4, 2, 1])))[0]))
        == 4
    )


def test_words_in_windows_are_no_copies():
    rows = Rows(np.array([("a", "b", "c")] * 3, dtype=object))
    assert copies_in("windows", Split(rows, np.zeros(3)))[0].tolist() == [0, 1, 2]
