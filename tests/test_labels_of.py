"""labels_of: the labels that training sees, whatever a data set says of itself, and cheaply."""

import gc
import warnings
import weakref
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from imbtorch import ArrayDataset, InputError, fit
from imbtorch.data import class_counts, labels_of
from imbtorch.data.arrays import as_dataset, take
from imbtorch.models import mlp

Y = np.repeat([0, 1, 2], [60, 25, 15])


class Made(Dataset):
    """Has labels, says others (attributes by name), and counts the samples that are loaded."""

    def __init__(self, yields=Y, /, **said):
        self.yields, self.loaded = yields, 0
        vars(self).update(said)

    def __len__(self):
        return len(self.yields)

    def __getitem__(self, index):
        self.loaded += 1
        label = self.yields[index]
        transform = getattr(self, "target_transform", None)
        return torch.zeros(2), label if transform is None else transform(label)


@pytest.mark.parametrize("name", ["y", "targets", "labels"])
@pytest.mark.parametrize("form", [list, np.array, torch.as_tensor, pd.Series, np.float32])
def test_an_attribute_that_is_right_is_read_and_a_handful_of_samples(name, form):
    data = Made(**{name: form(Y)})
    assert labels_of(data).tolist() == Y.tolist()
    assert data.loaded == 8


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        (Y[:-1], "Made.targets holds 99 labels for the 100 samples"),
        ([0, 1, 2], "Made.targets holds 3 labels for the 100"),
        (np.r_[Y, 0], "holds 101 labels"),
        (2 - Y, "Made.targets holds other labels than the 100 samples"),
        (Y[::-1].copy(), "holds other labels"),
        (np.roll(Y, 40), "holds other labels"),
        (np.random.default_rng(0).permutation(Y), "holds other labels"),
        (Y + 1, "holds other labels"),
        (np.zeros(100), "holds other labels"),
        (np.full(100, -1), "holds other labels"),
        (np.full(100, np.nan), "holds other labels"),
    ],
)
def test_an_attribute_that_is_wrong_is_told_and_not_used(said, warned):
    data = Made(targets=said)
    with pytest.warns(UserWarning, match=warned) as caught:
        assert labels_of(data).tolist() == Y.tolist()
    assert caught[0].filename == __file__
    loaded = data.loaded
    assert labels_of(data).tolist() == Y.tolist()  # remembered, without a second warning
    assert data.loaded == loaded + 8


@pytest.mark.parametrize(
    "said",
    [
        ["cat"] * 100,
        [{"boxes": []}] * 100,
        [[0], [0, 1]] * 50,
        np.zeros((100, 2)),
        "label",
        len,
        None,
        5,
    ],
)
def test_an_attribute_that_holds_no_labels_is_something_else(said):
    assert labels_of(Made(labels=said)).tolist() == Y.tolist()


def test_the_first_attribute_that_is_right_is_taken():
    assert labels_of(Made(labels=[0, 1, 2], targets=2 - Y, y=Y)).tolist() == Y.tolist()


@pytest.mark.parametrize("form", [list, np.array, torch.as_tensor])
def test_target_transform_is_applied(form):
    rare_first = {0: 2, 1: 1, 2: 0}
    data = Made(targets=form(Y), target_transform=lambda y: rare_first[int(y)])
    assert labels_of(data).tolist() == (2 - Y).tolist()
    assert data.loaded == 8
    assert class_counts(data) == [15, 25, 60]


def test_target_transform_that_is_already_in_the_targets_is_not_applied_twice():
    class Ready(Made):
        def __getitem__(self, index):
            return torch.zeros(2), self.targets[index]

    data = Ready(targets=Y, target_transform=lambda y: 2 - y)
    with pytest.warns(UserWarning, match="other labels"):  # of what the attribute seems to say
        assert labels_of(data).tolist() == Y.tolist()


def test_a_subset_or_a_concatenation_is_known_without_loading_it():
    base = Made(targets=Y)
    rows = [99, 3, 70, 60, 0, 61, 62, 98, 2, 1, 4, 5]
    parts = ConcatDataset([Subset(Subset(base, range(50, 100)), [49, 0, 20]), base])
    for data, expected in [
        (Subset(base, rows), Y[rows]),
        (Subset(base, torch.tensor(rows)), Y[rows]),
        (parts, np.r_[Y[50:][[49, 0, 20]], Y]),
        (take(as_dataset(base), np.array(rows)), Y[rows]),
        (Subset(ArrayDataset(np.zeros((100, 2)), Y), rows), Y[rows]),
    ]:
        base.loaded = 0
        assert labels_of(data).tolist() == expected.tolist()
        assert base.loaded <= 8
    tensors = TensorDataset(torch.zeros(100, 2), torch.as_tensor(Y))
    assert labels_of(Subset(tensors, rows)).tolist() == Y[rows].tolist()


def test_a_subset_of_a_data_set_that_is_wrong_or_unknown_is_read():
    for base in (Made(targets=2 - Y), Made(targets=Y[:50]), Made()):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # its own attribute is not in question
            assert labels_of(Subset(base, [99, 0, 70])).tolist() == [2, 0, 1]
        assert base.loaded <= 2 * 3

    class Renamed(Subset):
        def __getitem__(self, index):
            return self.__getitems__([index])[0]

        def __getitems__(self, indices):
            return [(x, 2 - y) for x, y in super().__getitems__(indices)]

    assert labels_of(Renamed(Made(targets=Y), range(100))).tolist() == (2 - Y).tolist()


def test_what_was_read_is_remembered_until_the_data_set_is_gone_or_changes():
    @dataclass
    class Compared(Made):  # cannot be hashed, and is equal to others
        yields: object

        def __post_init__(self):
            self.loaded = 0

    data = Compared(Y)
    assert labels_of(data).tolist() == Y.tolist()
    assert data.loaded == 100
    assert labels_of(data).tolist() == Y.tolist()
    assert data.loaded == 108
    data.yields = Y[:50]
    assert labels_of(data).tolist() == Y[:50].tolist()
    data.yields = Y[50:]
    assert labels_of(data).tolist() == Y[50:].tolist()
    gone = weakref.ref(data)
    del data
    gc.collect()
    assert gone() is None


def test_reading_shows_a_bar_if_it_takes_long_and_only_then(capsys, monkeypatch):
    labels_of(Made())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("imbtorch.data.known_labels.MANY", 100)
    labels_of(Made())
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading labels" in err


def test_global_draws_of_the_data_set_do_not_count(unmoved):
    class Augmented(Made):
        def __getitem__(self, index):
            np.random.rand()  # noqa: NPY002
            return torch.rand(2), self.yields[index]

    assert labels_of(Augmented()).tolist() == Y.tolist()
    assert labels_of(Augmented(targets=Y)).tolist() == Y.tolist()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.data())
def test_labels_are_those_of_the_samples_or_the_fault_is_in_few_of_them(labels, data):
    said = data.draw(st.permutations(labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = labels_of(Made(np.array(labels), targets=said)).numpy()
    assert (found == labels).sum() >= min(8, len(labels))
    assert len(found) == len(labels)
    if len(labels) <= 8:
        assert found.tolist() == labels


def test_fit_trains_by_what_the_samples_are(blobs):
    x, y = blobs

    class Swapped(Dataset):
        targets = 2 - y

        def __len__(self):
            return len(y)

        def __getitem__(self, index):
            return x[index], y[index]

    with pytest.warns(UserWarning, match=r"Swapped.targets holds other labels"):
        found = fit("drs", mlp((2,), 3), Swapped(), blobs, epochs=5)
    assert found.history == fit("drs", mlp((2,), 3), blobs, blobs, epochs=5).history


@pytest.mark.parametrize(
    ("label", "said"),
    [("cat", "y is one number"), (None, "y is one number"), (1.5, "whole"), (-1, "label -1")],
)
def test_labels_that_are_none_are_refused(label, said):
    with pytest.raises(InputError, match=said):
        labels_of(Made([label] * 5))


def test_pandas_objects_are_read_by_position_not_by_their_index():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 2]}, index=[7, 5, 9])
    data = ArrayDataset(frame[["a"]], frame["y"])
    assert (data.x[:, 0].tolist(), data.y.tolist()) == ([1.0, 2.0, 3.0], [0, 1, 2])


def test_numbers_that_are_ids_are_no_classes():
    x, ids = np.zeros((3, 2)), [0, 1, 10**9]
    with pytest.raises(InputError, match=r"labels up to 1000000000 for 3 samples.*return_inverse"):
        ArrayDataset(x, ids)
    assert ArrayDataset(x, np.unique(ids, return_inverse=True)[1]).classes == ("0", "1", "2")
    assert len(ArrayDataset(x, [0, 1, 4_999], [str(k) for k in range(5_000)]).classes) == 5_000
