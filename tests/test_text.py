"""Text: tagged words, Reuters' rule of five test documents, and the papers' counts."""

import re

import datasets
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError, load_data
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.data.texts.text_input import WORD, words_of
from imbtorch.data.texts.windows import WindowInput, windows


@pytest.fixture
def tagged(tmp_path):
    """A folder of tagged texts; the tag Y has no test word."""
    names = ["N", "V", "Y"]
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    folder = tmp_path / "tagged"
    folder.mkdir()
    rows = {
        "train": [(["cats", "run", "hm"], [0, 1, 2]), (["dogs", "bark"], [0, 1])],
        "test": [(["birds", "sing"], [0, 1])],
    }
    for split, texts in rows.items():
        table = {"tokens": [t for t, _ in texts], "tags": [g for _, g in texts]}
        datasets.Dataset.from_dict(table, features).to_parquet(folder / f"{split}.parquet")
    return folder


def test_tagged_words_become_one_sample_a_word(tagged):
    data = load_data(str(tagged), profile="none")
    assert data.classes == ("N", "V")
    assert data.counts == [2, 2]
    assert data.test.y.tolist() == [0, 1]
    assert data.shape == (3 * data.input.features,)
    expected = data.input.transform([("", "cats", "run"), ("cats", "run", "hm")])
    torch.testing.assert_close(data.train.x[:2], expected)
    assert any("1 classes with fewer than 1 test samples left out" in n for n in data.notes)


def test_a_stored_network_meets_tagged_words_in_its_own_form(tagged):
    data = load_data(str(tagged), profile="none")
    spec = input_from_json(input_to_json(data.input))
    assert spec == data.input
    made = TrainedOn(data.classes, data.counts, data.profile, 0, data.digest)
    again = load_for(str(tagged), spec, made)
    assert torch.equal(again.test.x, data.test.x)
    assert torch.equal(again.test.y, data.test.y)


@given(st.lists(st.text("abC1@", min_size=1, max_size=6), min_size=1, max_size=8))
def test_windows_hold_each_word_once_in_the_middle_and_features_have_norm_one(words):
    rows = windows(words)
    assert [row[1] for row in rows] == words
    x = WindowInput(features=64).transform(rows).view(len(words), 3, 64)
    torch.testing.assert_close(x[:, 1].norm(dim=1), torch.ones(len(words)))
    assert (x[0, 0] == 0).all()
    assert (x[-1, 2] == 0).all()
    assert torch.equal(x[1:, 0], x[:-1, 1])


def test_unknown_words_are_described_by_their_parts():
    x = WindowInput(features=1000).transform([("", w, "") for w in ("walking", "talking", "qxz")])
    assert x[0] @ x[1] > 0.3 > abs(x[0] @ x[2])


def write_documents(folder, counts):
    folder.mkdir()
    for split, numbers in counts.items():
        labels = np.repeat(list(numbers), list(numbers.values())).tolist()
        texts = [f"word{label} number{i % 3}" for i, label in enumerate(labels)]
        table = {"text": texts, "label": labels}
        datasets.Dataset.from_dict(table).to_parquet(folder / f"{split}.parquet")


COUNTS = {
    "train": {"earn": 12, "acq": 9, "rare": 4, "untested": 3},
    "test": {"earn": 7, "acq": 5, "rare": 4},
}


def test_reuters_keeps_the_classes_with_five_test_documents(tmp_path, monkeypatch):
    write_documents(tmp_path / "reuters_r52", COUNTS)
    data = load_data(str(tmp_path / "reuters_r52"), profile="none")
    assert data.classes == ("acq", "earn")
    assert data.counts == [9, 12]
    assert "2 classes with fewer than 5 test samples left out" in data.notes
    monkeypatch.setenv("IMBTORCH_DATA", str(tmp_path))
    assert load_data("reuters", profile="none").digest == data.digest


def test_other_texts_keep_all_their_classes(tmp_path):
    counts = {split: {k: v for k, v in n.items() if k != "untested"} for split, n in COUNTS.items()}
    write_documents(tmp_path / "news", counts)
    assert load_data(str(tmp_path / "news"), profile="none").classes == ("acq", "earn", "rare")


def test_an_absent_built_in_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBTORCH_DATA", str(tmp_path))
    with pytest.raises(InputError, match="IMBTORCH_DATA"):
        load_data("twitter")


def test_reuters_r52_has_the_papers_counts(shared_data):
    data = load_data(str(shared_data / "reuters_r52"))
    assert len(data.classes) == 36
    assert (sum(data.counts), len(data.test)) == (6436, 2530)
    assert data.shape == (1000,)
    assert data.profile.name == "stored"
    assert str(data.profile).startswith("as stored")
    assert (max(data.counts), min(data.counts)) == (2840, 4)


def test_twitter_has_the_papers_counts(shared_data):
    data = load_data(str(shared_data / "twitter_pos"))
    assert len(data.classes) == 23
    assert sum(data.counts) == 14614
    assert (max(data.counts), min(data.counts)) == (2219, 15)
    assert len(data.test) == 7152
    assert not {"M", "Y"} & set(data.classes)


@given(
    st.text(
        st.sampled_from("aZ0_ .,'é\u0301\u201c\u200d\u0939\u093f\u4f60\u0e01\u0e34ß"), max_size=30
    )
)
def test_words_are_found_by_their_definition(text):
    assert words_of(text) == re.findall(WORD, text)
