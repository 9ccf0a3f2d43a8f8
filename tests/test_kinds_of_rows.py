"""Over-samplers on rows of any kind: what is made is right in that kind, or the kind is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csc_matrix, csr_matrix

from few_steps import NAMES
from imbtorch import ArrayDataset, InputError
from imbtorch.resampling import CGAN, EOS, SMOTE, SVMSMOTE, BalancedSVM, BorderlineSMOTE
from imbtorch.resampling.apply import resample
from imbtorch.resampling.mixed import MixedSMOTE
from imbtorch.resampling.names import make_over_sampler

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1], [40, 15])
COUNTED = np.where(Y[:, None] == 0, RNG.integers(0, 5, (55, 4)), RNG.integers(0, 3, (55, 4)))
"""Small counts, as of words."""
WIDE = RNG.integers(0, 120, (55, 4)) + 7 * Y[:, None]
"""Whole numbers of which no two pairs are equally far apart."""
OWN = [SMOTE, BorderlineSMOTE, SVMSMOTE, BalancedSVM, EOS]

pytestmark = pytest.mark.filterwarnings("ignore:.* had too few samples:UserWarning")


@pytest.mark.parametrize("kind", [csr_matrix, csc_matrix])
@pytest.mark.parametrize("sampler", [SMOTE, BorderlineSMOTE, EOS])
def test_sparse_counts_give_what_dense_ones_give(sampler, kind):
    dense, _ = sampler(3, random_state=0).fit_resample(WIDE, Y)
    made, labels = sampler(3, random_state=0).fit_resample(kind(WIDE), Y)
    assert (made.format, made.dtype) == (kind(WIDE).format, WIDE.dtype)
    assert np.array_equal(made.toarray(), dense)
    assert len(labels) == len(dense)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, bool])
@pytest.mark.parametrize("sampler", OWN)
def test_sparse_rows_of_any_kind_stay_within_their_values(sampler, dtype):
    x = csr_matrix(COUNTED.astype(dtype))
    made, _ = sampler(3, random_state=0).fit_resample(x, Y)
    assert made.dtype == dtype
    assert (made[:55] != x).nnz == 0
    assert x.min() <= made.min() <= made.max() <= x.max()


@pytest.mark.parametrize("sampler", OWN)
def test_a_frame_of_truths_is_one_of_truths(sampler):
    frame = pd.DataFrame(COUNTED > 0, columns=list("abcd"))
    made, _ = sampler(3, random_state=0).fit_resample(frame, Y)
    assert list(made.dtypes) == [bool] * 4
    pd.testing.assert_frame_equal(made[:55], frame)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ros"])
@pytest.mark.parametrize("kind", ["category", str, object, "datetime64[s]"])
def test_columns_without_numbers_are_refused_by_name(name, kind):
    frame = pd.DataFrame({"a": RNG.random(55), "b": pd.Series(COUNTED[:, 0]).astype(kind)})
    with pytest.raises(InputError, match=r"column 'b' of X is of type .* only numbers"):
        make_over_sampler(name, 0).fit_resample(frame, Y)


@pytest.mark.parametrize("dtype", [np.uint32, np.uint8, np.int8, bool])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_what_moves_away_from_enemies_does_not_wrap_around(form, dtype):
    x = (WIDE > 60 if dtype is bool else WIDE).astype(dtype)
    made, _ = EOS(5, direction="away", random_state=0).fit_resample(form(x), Y)
    exact, _ = EOS(5, direction="away", random_state=0).fit_resample(x * 1.0, Y)
    low, high = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    assert np.array_equal(np.asarray(made), exact.round().clip(low, high))


@pytest.mark.parametrize("form", [np.asarray, csr_matrix, pd.DataFrame])
def test_what_fills_up_is_rounded(form):
    x = np.concatenate([RNG.normal(0, 1, (40, 3)).round(), 1000 + RNG.integers(0, 2, (15, 3))])
    made, labels = EOS(3, top_up=True, random_state=0).fit_resample(form(x.astype(np.int64)), Y)
    rows = made.toarray() if form is csr_matrix else np.asarray(made)
    exact, _ = EOS(3, top_up=True, random_state=0).fit_resample(x, Y)
    assert np.bincount(labels).tolist() == [40, 40]
    assert np.array_equal(rows[55:], exact[55:].round())


@pytest.mark.parametrize("sampler", OWN)
def test_half_precision_does_not_overflow(sampler):
    x = np.where(RNG.random((55, 2)) < 0.5, -6e4, 6e4) + RNG.normal(0, 99, (55, 2))
    made, _ = sampler(3, random_state=0).fit_resample(x.astype(np.float16), Y)
    assert made.dtype == np.float16
    assert np.isfinite(made).all()
    tensor, _ = sampler(3, random_state=0).fit_resample(
        torch.from_numpy(x.astype(np.float16)), torch.from_numpy(Y)
    )
    assert torch.equal(tensor, torch.from_numpy(made))


@pytest.mark.parametrize("sampler", OWN)
def test_a_frame_of_half_precision_does_not_overflow(sampler):
    x = np.where(RNG.random((55, 2)) < 0.5, -6e4, 6e4) + RNG.normal(0, 99, (55, 2))
    frame = pd.DataFrame(x, columns=["a", "b"]).astype(np.float16)
    made, _ = sampler(3, random_state=0).fit_resample(frame, Y)
    array, _ = sampler(3, random_state=0).fit_resample(frame.to_numpy(), Y)
    assert list(made.dtypes) == [np.float16] * 2
    pd.testing.assert_frame_equal(made[:55], frame)
    assert np.array_equal(made, array)


@pytest.mark.parametrize("beside", [np.int8, np.float32, np.float64])
def test_each_column_stays_within_the_bounds_of_its_kind(beside):
    frame = pd.DataFrame({"a": COUNTED[:, 0], "b": WIDE[:, 1] - 60, "c": WIDE[:, 2] > 60})
    kinds = {"a": np.uint8, "b": beside, "c": bool}
    made, _ = EOS(5, direction="away", random_state=0).fit_resample(frame.astype(kinds), Y)
    exact, _ = EOS(5, direction="away", random_state=0).fit_resample(frame.to_numpy(float), Y)
    assert exact[:, 0].min() < -0.5  # there is something to bound
    assert np.array_equal(made["a"], exact[:, 0].round().clip(0, 255))
    assert np.array_equal(made["c"], exact[:, 2].round().clip(0, 1))


def test_categories_are_voted_on_by_all_neighbors_that_each_class_has():
    y = np.repeat([0, 1, 2], [60, 25, 2])
    codes = np.concatenate([RNG.integers(0, 3, 60), np.repeat([0, 1], [24, 1]), [2, 2]])
    x = np.eye(3, dtype=np.float32)[codes]
    made, labels = MixedSMOTE([(0, 3)], 5, random_state=0).fit_resample(x, y)
    assert (made[87:][labels[87:] == 1].argmax(1) == 0).all()  # the odd one out is outvoted
    assert np.bincount(labels).tolist() == [60, 60, 60]


@pytest.mark.parametrize("numbers", [0, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_sparse_categories_give_what_dense_ones_give(numbers, dtype):
    x = np.hstack([np.eye(3)[RNG.integers(0, 3, 55)], WIDE[:, :numbers]]).astype(dtype)
    dense, _ = MixedSMOTE([(0, 3)], random_state=0).fit_resample(x, Y)
    made, _ = MixedSMOTE([(0, 3)], random_state=0).fit_resample(csr_matrix(x), Y)
    assert (made.format, made.dtype) == ("csr", dtype)
    assert np.array_equal(made.toarray(), dense)


@pytest.mark.parametrize("blocks", [[], [(0, 9)], [(-1, 2)], [(2, 2)], [(0.0, 1.5)]])
def test_blocks_of_other_columns_are_refused(blocks):
    with pytest.raises(InputError, match=r"categorical is \[.*; it must hold blocks .* 4 columns"):
        MixedSMOTE(blocks).fit_resample(COUNTED * 1.0, Y)


@pytest.mark.parametrize("sampler", [*OWN, CGAN])
def test_embeddings_on_a_graph_are_taken_off_it(sampler):
    x = torch.from_numpy(COUNTED).float().requires_grad_()
    options = {"steps": 2} if sampler is CGAN else {}
    for given in (x, x.reshape(55, 1, 2, 2)):
        made, _ = sampler(random_state=0, **options).fit_resample(given, torch.from_numpy(Y))
        assert not made.requires_grad
        made, _ = resample(sampler(random_state=0, **options), given, torch.from_numpy(Y))
        assert not made.requires_grad


@pytest.mark.parametrize("sampler", OWN)
@pytest.mark.parametrize("form", [np.asarray, pd.Series])
@pytest.mark.parametrize("kind", [int, float])
def test_whole_numbers_among_objects_are_labels(sampler, form, kind):
    objects = form(Y.astype(kind).astype(object))
    _, labels = sampler(3, random_state=0).fit_resample(COUNTED * 1.0, objects)
    assert set(np.asarray(labels).tolist()) == {0, 1}


@pytest.mark.parametrize("sampler", OWN)
def test_what_is_no_row_or_number_is_one_line(sampler):
    dates = np.repeat(np.datetime64("2026-01-01"), 55)[:, None]
    for x, y, options in (
        (dates, Y, {}),
        (COUNTED, Y.astype("S1"), {}),
        (COUNTED, Y, {"n_neighbors": "10"}),
        (np.ma.masked_greater(COUNTED, 3), Y, {}),
        (COUNTED, np.ma.array(Y, mask=Y == 1), {}),
        (COUNTED.astype(str).astype(object), Y, {}),
        (pd.Series(COUNTED[:, 0]), Y, {}),
    ):
        with pytest.raises(InputError):
            sampler(**options).fit_resample(x, y)


def test_what_is_under_a_mask_is_missing():
    with pytest.raises(InputError, match="x has masked values; fill them"):
        ArrayDataset(np.ma.masked_greater(COUNTED * 1.0, 3), Y)
    assert len(ArrayDataset(np.ma.masked_greater(COUNTED * 1.0, 99), Y)) == 55
