"""What all over-samplers of arrays keep to: imbalanced-learn's contract, any shape, any top-up."""

import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.utils.estimator_checks import parametrize_with_checks

from imbtorch import InputError
from imbtorch.resampling import EOS, SMOTE, SVMSMOTE, BalancedSVM, BorderlineSMOTE

short = pytest.mark.filterwarnings("ignore:.* leaves classes short:UserWarning")
every = pytest.mark.parametrize("make", [SMOTE, BorderlineSMOTE, SVMSMOTE, BalancedSVM, EOS])


def relabelled(sampler):
    """The checks that ask for classes of an exact size, where every row may change its class."""
    names = ["check_samplers_sampling_strategy_fit_resample", "check_samplers_fit_resample"]
    paper = isinstance(sampler, BalancedSVM) and not sampler.top_up
    reason = "a synthetic row takes the class that the machine gives it"
    return dict.fromkeys(names, reason) if paper else {}


SAMPLERS = [make(3, random_state=0) for make in (SMOTE, BorderlineSMOTE, SVMSMOTE, BalancedSVM)]
SAMPLERS.append(BalancedSVM(3, top_up=False, random_state=0))
checks = parametrize_with_checks(SAMPLERS, expected_failed_checks=relabelled)


@short
@pytest.mark.parametrize(checks.args[0], list(checks.args[1]), **checks.kwargs)
def test_keeps_the_contract_of_imbalanced_learn(estimator, check):
    check(estimator)


def made(dtype=np.float64, shape=(2, 3), counts=(40, 20, 12)):
    """Overlapping classes of samples of a shape."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(k, 1.0, (n, *shape)) for k, n in enumerate(counts)])
    if dtype not in (np.float16, np.float32, np.float64):
        x = (30 * x + 90).clip(0, 255)
    return x.astype(dtype), np.repeat(np.arange(len(counts)), counts)


@every
@pytest.mark.parametrize("shape", [(6,), (2, 3), (3, 2, 1)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int8, np.int64])
def test_samples_keep_their_shape_and_kind(make, shape, dtype):
    x, y = made(dtype, shape)
    sampler = make(random_state=0)
    new_x, new_y = sampler.fit_resample(x, y)
    assert (new_x.shape[1:], new_x.dtype, new_y.dtype) == (shape, x.dtype, y.dtype)
    assert len(new_x) == len(new_y) > len(x)
    assert np.array_equal(new_x[: len(x)], x)
    assert np.array_equal(new_y[: len(y)], y)
    flat_x, flat_y = make(random_state=0).fit_resample(x.reshape(len(x), -1), y)
    assert np.array_equal(new_x.reshape(len(new_x), -1), flat_x)
    assert np.array_equal(new_y, flat_y)
    assert sampler.n_features_in_ == 6


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8])
def test_tensors_give_what_arrays_give(make, dtype):
    x, y = made(dtype)
    expected = make(random_state=0).fit_resample(x, y)
    sampler = make(random_state=0)
    found = sampler.fit_resample(torch.from_numpy(x), torch.from_numpy(y))
    for tensor, array in zip(found, expected, strict=True):
        assert torch.equal(tensor, torch.from_numpy(array))
    labels = sampler.fit_resample(torch.from_numpy(x), y.tolist())[1]
    assert torch.equal(labels, found[1])


@pytest.mark.parametrize("make", [SMOTE, BorderlineSMOTE])
@pytest.mark.parametrize("shape", [(6,), (2, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_whole_numbers_of_few_bits_do_not_wrap_around(make, shape, dtype):
    x, y = made(dtype, shape)
    new_x, new_y = make(random_state=0).fit_resample(x, y)
    for label in (1, 2):  # between two samples of the class
        points, real = new_x[len(x) :][new_y[len(x) :] == label], x[y == label]
        assert (points >= real.min(0)).all()
        assert (points <= real.max(0)).all()


@every
def test_what_is_no_row_of_samples_or_labels_is_refused(make):
    x, y = made()
    for wrong_x, wrong_y in (
        (x[:0], y[:0]),
        (x[:, :0], y),
        (x[:, 0, 0], y),
        (x[:9], y),
        (x, y[:, None].repeat(2, 1)),
        (x, 0 * y),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            make().fit_resample(wrong_x, wrong_y)
        with pytest.raises(InputError):
            make().fit_resample(torch.from_numpy(wrong_x), torch.from_numpy(wrong_y))


@every
@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_impossible_neighbour_numbers_are_refused(make, k):
    with pytest.raises(InputError, match=f"n_neighbors is {k}"):
        make(k).fit_resample(*made())
    if make in (BorderlineSMOTE, SVMSMOTE):
        with pytest.raises(InputError, match=f"m_neighbors is {k}"):
            make(m_neighbors=k).fit_resample(*made())


def test_a_class_of_one_sample_is_repeated_if_asked_to():
    x, y = made(counts=(40, 20, 1))
    with pytest.raises(InputError, match="only one sample"):
        SMOTE(random_state=0).fit_resample(x, y)
    sampler = SMOTE(top_up=True, random_state=0)
    with pytest.warns(UserWarning, match=r"SMOTE .*: 2 by 39 rows; SMOTE fills them up"):
        new_x, new_y = sampler.fit_resample(x, y)
    assert np.bincount(new_y).tolist() == [40, 40, 40]
    assert sampler.short_ == {2: 39}
    assert (new_x[new_y == 2] == x[-1]).all()
    several, labels = SMOTE(random_state=0).fit_resample(x[:-1], y[:-1])
    assert np.array_equal(new_x[new_y == 1], several[labels == 1])


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
@pytest.mark.parametrize(
    ("make", "rare"),
    [
        (BorderlineSMOTE, 12),
        (BorderlineSMOTE, 1),
        (SVMSMOTE, 12),
        (BalancedSVM, 12),
        (BalancedSVM, 1),
        (EOS, 12),
    ],
)
def test_classes_left_short_are_filled_up_if_asked_to(make, rare, kind):
    x, y = made(np.float32, counts=(40, 20, rare))
    x[y == 2] += 99  # none of its samples lies among others
    x[y == 1] -= 0.7  # so near to class 0 that the machine of BalancedSVM takes some for it
    silent = make is BalancedSVM and rare > 1  # whose rows change class
    name = "SMOTE" if make is BalancedSVM else make.__name__
    said = nullcontext() if silent else pytest.warns(UserWarning, match=rf"{name} .* short: .* by")
    sampler = make(top_up=True, random_state=0)
    with said:
        new_x, new_y = sampler.fit_resample(kind(x), kind(y))
    new_x, new_y = np.asarray(new_x), np.asarray(new_y)
    assert (np.bincount(new_y) == 40).all()
    assert np.array_equal(new_x[: len(x)], x)
    filled, real = new_x[len(x) :][new_y[len(x) :] == 2], x[y == 2]
    assert len(np.unique(filled, axis=0)) == (28 if rare > 1 else 1)  # made, not repeated
    assert sampler.short_
    if make is not SVMSMOTE:  # which extrapolates
        assert (filled >= real.min(0)).all()
        assert (filled <= real.max(0)).all()
    again = make(top_up=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(np.asarray(again.fit_resample(kind(x), kind(y))[0]), new_x)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_what_smote_fills_up_for_eos_has_no_base(kind):
    x, y = made()
    x[y == 2] += 99
    sampler = EOS(5, top_up=True, random_state=0)
    with pytest.warns(UserWarning, match=r"EOS .*: 2 by 28 rows; SMOTE fills them up"):
        new_x, new_y = sampler.fit_resample(kind(x), kind(y))
    assert sampler.short_ == {2: 28}
    assert new_y[len(y) :].tolist() == [1] * 20 + [2] * 28
    base, enemy, r = sampler.base_indices_, sampler.enemy_indices_, sampler.r_
    assert (y[base[:20]] == 1).all()
    assert (y[enemy[:20]] != 1).all()
    start, end = x[base[:20]], x[enemy[:20]]
    expected = start + r[:20, None, None] * (end - start)
    np.testing.assert_allclose(np.asarray(new_x)[len(y) :][:20], expected, rtol=0, atol=1e-12)
    assert base[20:].tolist() == enemy[20:].tolist() == [-1] * 28
    assert r[20:].tolist() == [0.0] * 28


def test_balanced_svm_keeps_to_the_strategy_and_its_machine_decides_which_rows_count():
    x, y = made()
    x[y == 1] -= 0.7
    sampler = BalancedSVM(sampling_strategy={1: 33, 2: 36}, random_state=0)
    new_x, new_y = sampler.fit_resample(x, y)
    assert np.bincount(new_y).tolist() == [40, 33, 36]
    made_rows = slice(len(y), len(new_y) - sum(sampler.short_.values()))
    rows = new_x[made_rows].reshape(-1, 6)
    assert np.array_equal(sampler.svm_.predict(rows), new_y[made_rows])
    assert sampler.short_  # the rest is SMOTE's


@short
@every
def test_whole_numbers_and_truths_of_a_frame_are_rounded_not_cut_off(make):
    x, y = made(shape=(3,))
    frame = pd.DataFrame({"a": x[:, 0], "count": (3 * x[:, 1]).round().astype(int)})
    frame["flag"] = x[:, 2] > 1
    new, new_y = make(random_state=0).fit_resample(frame, y)
    array, array_y = make(random_state=0).fit_resample(frame.to_numpy(dtype=float), y)
    assert (new.dtypes == frame.dtypes).all()
    assert np.array_equal(new_y, array_y)
    assert np.array_equal(new["a"], array[:, 0])
    assert np.array_equal(new["count"], array[:, 1].round())
    assert np.array_equal(new["flag"], array[:, 2].round().astype(bool))
