"""Texts as tokens: the numbers, what is read from DATA, the header."""

import json
import os

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from imbtorch import InputError, load_data
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.data.texts.tokens import PAD, TokenInput
from imbtorch.training.header import _check_input
from made_images import images
from tiny_bert import VOCABULARY, tokenizer

CLS, SEP, UNK = (VOCABULARY.index(name) for name in ("[CLS]", "[SEP]", "[UNK]"))
SPEC = TokenInput(tokenizer().to_str(), 12)


def ids(*texts, spec=SPEC):
    return spec.transform(texts).tolist()


def words(*names):
    return [CLS, *(VOCABULARY.index(name) for name in names), SEP]


def test_shorter_texts_are_filled_behind_their_end():
    assert ids("the oil price", "Wheat") == [
        words("the", "oil", "price"),
        [*words("wheat"), PAD, PAD],
    ]


def test_what_is_cut_off_keeps_the_special_tokens():
    [row] = ids("oil " * 500)
    assert row == words(*["oil"] * 10)
    assert ids("oil price", spec=TokenInput(SPEC.tokenizer, 3)) == [words("oil")]


def test_very_long_texts_are_read():
    assert SPEC.transform(["grain " * 20_000, "x" * 20_000]).shape == (2, 12)


def test_an_empty_text_has_its_special_tokens_alone():
    assert ids("", " \n", "oil") == [[CLS, SEP, PAD], [CLS, SEP, PAD], words("oil")]


def test_no_row_is_empty_without_special_tokens():
    plain = Tokenizer(WordLevel({"a": 0, "<end>": 1, "<x>": 2}, unk_token="<x>"))
    assert ids("", "a", spec=TokenInput(plain.to_str(), 5)) == [[0], [0]]
    plain.add_special_tokens(["<end>", "<x>"])
    assert ids("", spec=TokenInput(plain.to_str(), 5)) == [[1]]


def test_special_tokens_in_a_text_are_read_as_characters():
    [row] = ids("oil [SEP] bad")
    assert row == words("oil", "[", "s", "##e", "##p", "]", "bad")
    assert row.count(SEP) == 1


def test_any_character_is_read():
    assert ids("É", "\u4f60") == [words("é"), [CLS, UNK, SEP]]
    assert ids("\ud800 oil") == [[CLS, UNK, VOCABULARY.index("oil"), SEP]]
    assert ids("a\0b") == [words("a", "##b")]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_a_row_says_the_same_among_others_and_alone(texts):
    made = SPEC.transform(texts)
    assert made.dtype == torch.int32
    for row, text in zip(made, texts, strict=True):
        [alone] = ids(text)
        assert row[: len(alone)].tolist() == alone
        assert bool((row[len(alone) :] == PAD).all())
        assert (alone[0], alone[-1]) == (CLS, SEP)
        assert 2 <= len(alone) <= 12


def test_no_text_at_all():
    assert SPEC.transform([]).shape == (0, 1)


@pytest.mark.parametrize("length", [-1, 0, 2, 2**20 + 1])
def test_a_text_needs_room_for_one_token(length):
    with pytest.raises(InputError, match=rf"max_length is {length}; .* must be from 3 to 1048576"):
        TokenInput(SPEC.tokenizer, length).transform(["oil"])


def test_a_fork_afterward_prints_nothing(capfd, monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    SPEC.transform(["oil price"] * 50)
    if not (child := os.fork()):
        os._exit(len(ids("oil")) - 1)
    assert os.waitpid(child, 0)[1] == 0
    assert capfd.readouterr() == ("", "")


# the header of a checkpoint


def test_a_header_holds_the_tokenizer():
    values = json.loads(
        json.dumps(input_to_json(TokenInput(SPEC.tokenizer, 12, ("title", "text"))))
    )
    _check_input(values, (12,))
    assert ids("wheat", spec=input_from_json(values)) == ids("wheat")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokenizer": "{}"}, "tokenizer cannot be used: Model missing"),
        ({"tokenizer": 3}, "input.tokenizer"),
        ({"max_length": 2}, "max_length is 2"),
        ({"max_length": 13}, r"input makes samples of shape \(13,\); the network takes \(12,\)"),
        ({"columns": [3]}, "input.columns"),
    ],
)
def test_a_header_with_another_input_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        _check_input({**input_to_json(SPEC), "columns": [], **change}, (12,))


def test_faults_of_the_library_are_errors():
    spec = json.loads(SPEC.tokenizer)
    spec["model"]["vocab"]["oil"] = 2**32 - 1
    with pytest.raises(InputError, match=r"tokenizer cannot be used: .* out of bounds"):
        TokenInput(json.dumps(spec), 12).transform(["oil"])
    del spec["model"]["vocab"]["[UNK]"]
    with pytest.raises(InputError, match=r"tokenizer cannot be used: .*\[UNK\]"):
        TokenInput(json.dumps(spec), 12).transform(["\u4f60"])


# DATA


@pytest.fixture
def table(tmp_path, own_cache):
    """A table of two columns of texts, the second of which is sometimes empty."""
    rows = [
        *[("the oil price", "is high today, as before", "oil")] * 9,
        *[("wheat", None, "grain")] * 3,
        *[("grain and wheat of the " * 9, "and more " * 20, "grain")] * 3,
    ]
    path = tmp_path / "texts.csv"
    pd.DataFrame(rows, columns=["title", "text", "label"]).to_csv(path, index=False)
    return path


def test_texts_are_read_as_the_network_takes_them(table):
    data = load_data(str(table), takes=SPEC)
    assert data.input == TokenInput(SPEC.tokenizer, 12, ("title", "text"))
    assert data.shape == (12,)
    assert (data.train.tokens, data.test.tokens) == (True, True)
    assert data.train.x.dtype == data.test.x.dtype == torch.int32
    read = torch.cat([data.train.x, data.test.x]).tolist()
    assert [[n for n in row if n != PAD] for row in read].count(words("wheat")) == 3
    assert "12 texts have 12 tokens or more: what follows is not read" in data.notes
    assert data.digest == load_data(str(table), takes=SPEC).digest
    assert data.digest != load_data(str(table), takes=TokenInput(SPEC.tokenizer, 5)).digest


def test_a_stored_network_meets_texts_in_its_own_form(table, tmp_path):
    data = load_data(str(table), takes=SPEC)
    made = TrainedOn(data.classes, data.counts, data.profile, 0, data.digest)
    again = load_for(str(table), data.input, made)
    assert "these are the data the network was trained on" in again.notes
    assert torch.equal(again.test.x, data.test.x)
    assert again.test.tokens
    path = tmp_path / "new.csv"
    pd.DataFrame({"text": ["oil"], "title": ["bad"], "label": ["oil"]}).to_csv(path, index=False)
    assert load_for(str(path), data.input, made).test.x.tolist() == [words("bad", "oil")]


def test_data_of_another_kind_are_refused(tmp_path, table):
    images(tmp_path / "pets", "cat", "dog", n=4)
    with pytest.raises(InputError, match=r"the network takes texts; DATA holds images$"):
        load_data(str(tmp_path / "pets"), takes=SPEC)
    with pytest.raises(InputError, match=r"the network takes images; DATA holds texts$"):
        load_data(str(table), takes=ImageInput((8, 8), 3))
    np.savez(tmp_path / "rows.npz", features=np.eye(4), labels=[0, 1, 0, 1])
    with pytest.raises(InputError, match=r"the network takes texts; DATA holds rows of numbers$"):
        load_data(str(tmp_path / "rows.npz"), takes=SPEC)


def test_texts_without_a_word_to_count_have_tokens(tmp_path, own_cache):
    path = tmp_path / "texts.csv"
    rows = {"text": ["the of", "of the"] * 8, "label": ["a", "b"] * 8}
    pd.DataFrame(rows).to_csv(path, index=False)
    with pytest.raises(InputError, match="without a usable word"):
        load_data(str(path))
    assert load_data(str(path), takes=SPEC).shape == (12,)
