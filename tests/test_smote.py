"""The SMOTE family: the same as imbalanced-learn's, and honest when short."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn import over_sampling as theirs
from sklearn.svm import SVC

from few_steps import NAMES
from imbtorch import InputError
from imbtorch.resampling import EOS, SMOTE, SVMSMOTE, BalancedSVM, BorderlineSMOTE
from imbtorch.resampling.names import make_over_sampler
from imbtorch.resampling.one_search import OnceSVC


def overlapping(counts=(80, 30, 15)):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(k, 1.0, (n, 3)) for k, n in enumerate(counts)])
    return x, np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize("top_up", [False, True])
@pytest.mark.parametrize(
    ("ours", "its"),
    [
        (SMOTE, theirs.SMOTE),
        (BorderlineSMOTE, theirs.BorderlineSMOTE),
        (SVMSMOTE, theirs.SVMSMOTE),
    ],
)
def test_gives_what_imbalanced_learn_gives(ours, its, top_up):
    x, y = overlapping()
    sampler = ours(top_up=top_up, random_state=0)
    expected = its(random_state=0).fit_resample(x, y)
    for a, b in zip(sampler.fit_resample(x, y), expected, strict=True):
        np.testing.assert_allclose(a, b)
    assert sampler.short_ == {}


def test_the_machine_of_svm_smote_is_fitted_once(monkeypatch):
    fits = []
    fit = SVC.fit
    monkeypatch.setattr(SVC, "fit", lambda self, *a: fits.append(1) or fit(self, *a))
    sampler = SVMSMOTE(random_state=0)
    sampler.fit_resample(*overlapping())
    assert len(fits) == 1
    sampler.fit_resample(*overlapping())
    assert len(fits) == 2
    assert OnceSVC().get_params() == SVC().get_params()


@pytest.mark.parametrize("labels", [[0, 1], ["many", "few"]])
def test_a_class_left_short_is_named_and_can_be_topped_up(labels):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (40, 2)), rng.normal(99, 1, (12, 2))])
    y = np.repeat(labels, [40, 12])
    with pytest.warns(UserWarning, match=f"BorderlineSMOTE .*: {labels[1]} by 28 rows"):
        _, short = BorderlineSMOTE(random_state=0).fit_resample(x, y)
    assert (short == labels[1]).sum() == 12
    sampler = BorderlineSMOTE(top_up=True, random_state=0)
    with pytest.warns(UserWarning, match="SMOTE fills them up"):
        x_new, y_new = sampler.fit_resample(x, y)
    assert (y_new == labels[1]).sum() == 40
    assert np.array_equal(x_new[:52], x)
    assert sampler.short_ == {labels[1]: 28}


def test_balanced_svm_as_in_the_paper_relabels_the_synthetic_rows_alone():
    x, y = overlapping()
    plain_x, plain_y = SMOTE(random_state=0).fit_resample(x, y)
    sampler = BalancedSVM(top_up=False, random_state=0)
    x_new, y_new = sampler.fit_resample(x, y)
    assert np.array_equal(x_new, plain_x)
    assert np.array_equal(y_new[: len(y)], y)
    assert np.array_equal(y_new[len(y) :], sampler.svm_.predict(plain_x[len(y) :]))
    assert (y_new != plain_y).any()


def test_names():
    assert make_over_sampler("smote:k=3", 0).n_neighbors == 3
    assert make_over_sampler("eos:k=50:direction=away").get_params()["direction"] == "away"
    assert make_over_sampler("ros", random_state=5).random_state == 5
    for name in NAMES:
        assert make_over_sampler(name, 5).random_state == 5
    with pytest.raises(InputError, match="did you mean smote"):
        make_over_sampler("smot")
    with pytest.raises(InputError, match="an option of ros is 'n_neighbors'"):
        make_over_sampler("ros:k=3")


def test_borderline_with_one_search_is_imbalanced_learns():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 4)).astype(np.float32)
    y = rng.choice(["a", "b", "c"], 300, p=[0.6, 0.3, 0.1])
    for strategy in ("auto", "not majority", "all"):
        options = {"sampling_strategy": strategy, "random_state": 3}
        ours_x, ours_y = BorderlineSMOTE(**options).fit_resample(x, y)
        their_x, their_y = theirs.BorderlineSMOTE(**options).fit_resample(x, y)
        np.testing.assert_array_equal(ours_y, their_y)
        np.testing.assert_array_equal(ours_x, their_x)


@pytest.mark.parametrize(
    ("sampler", "kind"),
    [*product((SMOTE, BorderlineSMOTE, EOS), ("array", "frame")), (SMOTE, "tensor")],
)
def test_whole_numbers_are_rounded_not_cut_off(sampler, kind):
    rng = np.random.default_rng(0)
    x = rng.integers(-40, 40, (60, 3))
    x[0, 0] = 2**53 + 1  # real rows keep every digit
    y = np.repeat([0, 1], [45, 15])
    exact, _ = sampler(random_state=0).fit_resample(x.astype(float), y)
    given = {"array": x, "frame": pd.DataFrame(x), "tensor": torch.from_numpy(x)}[kind]
    labels = torch.from_numpy(y) if kind == "tensor" else y
    made = np.asarray(sampler(random_state=0).fit_resample(given, labels)[0])
    assert made.dtype == np.int64
    assert np.array_equal(made[:60], x)
    assert np.array_equal(made[60:], exact[60:].round())


def test_a_class_of_one_sample_is_told_by_the_counts():
    x, y = np.zeros((9, 2)), np.repeat([0, 1], [8, 1])
    with pytest.raises(InputError, match=r"cannot resample class counts \[8, 1\]: a class has"):
        SMOTE().fit_resample(x, y)


@pytest.mark.filterwarnings("ignore:SVMSMOTE had too few:UserWarning")
@pytest.mark.parametrize("sampler", [SMOTE, BorderlineSMOTE, SVMSMOTE, BalancedSVM, EOS])
def test_truths_stay_truths(sampler):
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 5)) < 0.5, np.repeat([0, 1], [30, 10])
    made, labels = sampler(random_state=0, top_up=True).fit_resample(x, y)
    assert made.dtype == bool
    assert np.array_equal(made[:40], x)
    assert len(made) == len(labels)
