"""What data say is what is taken: one profile for all folds, labels that stay, copies, tags."""

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset as Table
from torch.utils.data import Dataset

from imbtorch import ArrayDataset, InputError, fit
from imbtorch.comparison.inspect import inspect_data
from imbtorch.data import class_counts, labels_of, load_data
from imbtorch.data.folds import load_folds
from imbtorch.data.profiles.counts import make_imbalanced
from imbtorch.data.tables import open_tables
from imbtorch.models import mlp
from imbtorch.samplers import ClassBalancedSampler

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("counts", [(125, 124), (251, 126)])
def test_all_folds_have_the_profile_of_the_first(counts, tmp_path):
    y = np.repeat([0, 1], counts)
    np.savez(tmp_path / "f.npz", features=RNG.normal(size=(len(y), 2)), labels=y)
    folds = load_folds(str(tmp_path / "f.npz"), 5)
    assert len({folds.data(seed).profile.name for seed in range(5)}) == 1
    sizes = np.array([folds.counts(seed) for seed in range(5)])
    assert (np.ptp(sizes, axis=0) <= 2).all()


class Own(Dataset):
    """Knows its labels from its samples alone."""

    def __len__(self):
        return 200

    def __getitem__(self, i):
        return torch.zeros(2), int(i >= 100) + int(i >= 150)


@pytest.mark.parametrize("data", [ArrayDataset(np.zeros((200, 2)), [0] * 150 + [1] * 50), Own()])
def test_labels_that_are_returned_are_the_callers(data):
    before = class_counts(data)
    labels_of(data)[:] = 0
    assert class_counts(data) == before


def test_a_column_of_another_type_hides_no_copies(tmp_path):
    table = pd.DataFrame({"age": RNG.integers(-90, 90, 200), "pay": RNG.normal(size=200)})
    table["label"] = np.repeat(["a", "b"], [150, 50])
    test = table.iloc[::4].copy()
    for gap in (False, True):
        folder = tmp_path / str(gap)
        folder.mkdir()
        table.to_csv(folder / "train.csv", index=False)
        test["age"] = test["age"].where(np.arange(50) > 0) if gap else test["age"]
        test.to_csv(folder / "test.csv", index=False)
        assert load_data(str(folder)).leaked == 50 - gap
        assert inspect_data(str(folder)).leaked == 50 - gap


@pytest.mark.parametrize("tags", [[0, 1], [0, 1, 2, 0], [0, None, 1]])
def test_words_without_a_tag_are_refused(tags):
    words = [["a", "b", "c"]] * 3
    table = Table.from_dict({"tokens": words, "tags": [[0, 1, 2], tags, [0, 1, 2]]})
    with pytest.raises(InputError, match="row 1 of split 'train' has 3 words and the tags"):
        open_tables._tagged_words({"train": table}, "train", None, "tags")


def test_counts_to_keep_are_whole_and_in_the_order_of_the_classes():
    y = [0] * 40 + [1] * 20
    assert len(make_imbalanced(y, [10.0, 5.0], 0)) == 15
    for labels, counts, said in (
        (y, pd.Series([15, 5], index=[1, 0]), r"the index of counts is \[1, 0\]"),
        (np.eye(2, dtype=int)[y], [2, 1], r"y has shape \(60, 2\)"),
        (np.ma.masked_equal(y, 1), [2, 1], "y has masked values"),
        (y, [2.5, 1], r"counts\[0\] is 2\.5"),
    ):
        with pytest.raises(InputError, match=said):
            make_imbalanced(labels, counts, 0)


def test_samples_without_a_label_are_no_class_of_a_sampler():
    labels = np.array([0.0] * 50 + [1.0] * 5 + [np.nan] * 5, object)
    with pytest.raises(InputError, match="NaN"):
        ClassBalancedSampler(labels)
    with pytest.raises(InputError, match="masked"):
        ClassBalancedSampler(np.ma.masked_equal([0, 0, 1, 2], 2))


def test_bytes_of_another_encoding_are_told_apart_and_scalars_are_no_split(tmp_path):
    labels = np.array([b"caf\xe9"] * 40 + [b"caf\xe8"] * 30 + [b"x"] * 20)
    np.savez(tmp_path / "n.npz", features=RNG.normal(size=(90, 2)), labels=labels, n_features=2)
    assert load_data(str(tmp_path / "n.npz")).classes == (r"caf\xe8", r"caf\xe9", "x")


def test_embeddings_on_a_graph_and_names_in_an_array_are_taken():
    x = torch.randn(40, 2, requires_grad=True) * 1
    names = np.array(["often", "rare"])
    data = ArrayDataset(x, np.array([0] * 30 + [1] * 10, object), names)
    assert data.classes == ("often", "rare")
    fit("erm", mlp((2,), 2), data, epochs=2)


class Samples(Dataset):
    """Samples of a type, and labels of a type."""

    def __init__(self, x, label=int):
        self.x, self.label = x, label

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.label(i % 5 == 0)


@pytest.mark.parametrize("kind", [np.float64, np.float16, bool])
def test_floats_of_any_width_train_as_those_of_32_bits(kind):
    x = RNG.integers(0, 2, (40, 2)).astype(kind)
    expected = fit("erm", mlp((2,), 2), Samples(x.astype(np.float32)), epochs=2).history
    for samples in (x, torch.from_numpy(x)):
        assert fit("erm", mlp((2,), 2), Samples(samples), epochs=2).history == expected


def test_labels_that_are_texts_of_numbers_are_refused_as_such():
    for form in (str, np.array):
        with pytest.raises(InputError, match="it is the text '1'"):
            labels_of(Samples(torch.zeros(5, 2), lambda rare, form=form: form(str(int(rare)))))
