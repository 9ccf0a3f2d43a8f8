"""Categories are never interpolated: SMOTENC beside them, and what moves inputs is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud import fraud_table
from imbtorch import InputError, fit, load_data, make_recipe
from imbtorch.comparison.auto import fitting_recipes
from imbtorch.data.arrays import ArrayDataset, take
from imbtorch.data.tables.table_input import ColumnKind, TableInput
from imbtorch.models import mlp
from imbtorch.resampling import SMOTE
from imbtorch.resampling.apply import resample_dataset
from imbtorch.resampling.mixed import MixedSMOTE, over_sampler_for

BLOCKS = [(1, 2), (2, 5), (6, 8)]


def rows(n, seed=0):
    """Return n rows: columns 0 and 5 are numbers, the others the `BLOCKS`."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 8), np.float32)
    x[:, [0, 5]] = rng.normal(size=(n, 2))
    x[:, 1] = rng.random(n) < 0.3
    x[:, 2:5] = np.eye(3)[rng.integers(0, 3, n)]
    x[:, 6:8] = np.eye(2)[rng.integers(0, 2, n)]
    return x


def data_of(counts=(30, 8, 5), categorical=BLOCKS):
    y = np.repeat(np.arange(len(counts)), counts)
    return ArrayDataset(rows(len(y)), y, categorical=categorical)


def test_smote_beside_categories():
    data = data_of()
    made = resample_dataset(over_sampler_for(data, SMOTE(random_state=0)), data)
    assert made.y.bincount().tolist() == [30, 30, 30]
    assert torch.equal(made.x[: len(data)], data.x)
    new = made.x[len(data) :]
    assert new[:, 1:5].unique().tolist() == [0, 1]
    assert bool((new[:, 2:5].sum(1) == 1).all())
    assert bool((new[:, 6:8].sum(1) == 1).all())
    assert made.categorical == tuple(BLOCKS)
    real = {tuple(row) for row in data.x[:, [0, 5]].tolist()}
    assert not real & {tuple(row) for row in new[:, [0, 5]].tolist()}  # numbers are interpolated


def test_a_category_is_that_of_the_neighbors():
    """All rare samples have the first category, and so have all that are made of them."""
    x = rows(40)
    y = np.repeat([0, 1], [34, 6])
    x[y == 1, 2:5] = 1, 0, 0
    made, labels = MixedSMOTE(BLOCKS, random_state=0).fit_resample(x, y)
    assert np.array_equal(np.unique(made[labels == 1][:, 2:5], axis=0), [[1, 0, 0]])


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 9), st.integers(2, 5), st.integers(0, 99))
def test_rows_of_any_small_class_are_filled_up(rare, k, seed):
    y = np.repeat([0, 1], [12, rare])
    for columns, blocks in ((slice(0, 8), BLOCKS), (slice(2, 5), [(0, 3)])):  # the latter: SMOTEN
        x = rows(len(y), seed)[:, columns]
        made, labels = MixedSMOTE(blocks, k, random_state=seed).fit_resample(x, y)
        assert np.bincount(labels).tolist() == [12, max(rare, 12)]
        assert made.dtype == np.float32
        for start, stop in blocks:
            assert set(np.unique(made[:, start:stop])) <= {0.0, 1.0}


def test_a_class_of_one_sample_is_refused_or_repeated():
    y = np.repeat([0, 1], [9, 1])
    with pytest.raises(InputError, match="only one sample"):
        MixedSMOTE(BLOCKS, random_state=0).fit_resample(rows(10), y)
    with pytest.warns(UserWarning, match="1 by 8 rows"):
        made, labels = MixedSMOTE(BLOCKS, top_up=True, random_state=0).fit_resample(rows(10), y)
    assert np.unique(made[labels == 1], axis=0).shape == (1, 8)


def test_other_data_keep_their_smote():
    plain = data_of(categorical=())
    smote = SMOTE(random_state=0)
    assert over_sampler_for(plain, smote) is smote
    assert take(data_of(), np.arange(3)).categorical == tuple(BLOCKS)


MOVERS = ("m2m", "aos", "data:svm-smote", "data:borderline-smote", "data:balanced-svm")
FINE = ("erm", "rs", "ros", "data:smote", "remix", "mixup", "head:smote", "eos")


@pytest.mark.parametrize("name", MOVERS)
def test_what_would_move_categories_is_refused(name):
    with pytest.raises(InputError, match="categories or mark missing values"):
        fit(make_recipe(name, 2), mlp((8,), 3), data_of(), epochs=2)


@pytest.mark.parametrize("name", FINE)
def test_what_leaves_them_alone_trains(name):
    result = fit(make_recipe(name, 1), mlp((8,), 3), data_of(), epochs=1)
    assert np.isfinite(result.history[-1]["loss"])


def test_recipes_that_fit_a_table():
    frame = fraud_table(200)
    mixed = TableInput.fit(frame, {"abroad": ColumnKind("category")})
    numbers = TableInput.fit(frame.dropna(), {"amount": ColumnKind("number", "point")})
    assert {*fitting_recipes(numbers, [90, 9])} - {*fitting_recipes(mixed, [90, 9])} == {"m2m"}


def test_smote_on_a_table_from_a_file(tmp_path):
    fraud_table(600, share=0.05).to_csv(tmp_path / "payments.csv", index=False)
    data = load_data(str(tmp_path / "payments.csv"))
    made = resample_dataset(over_sampler_for(data.train, SMOTE(random_state=0)), data.train)
    for start, stop in data.input.categorical:
        block = made.x[:, start:stop]
        assert block.unique().tolist() in ([0, 1], [0])
        assert stop - start == 1 or bool((block.sum(1) == 1).all())
