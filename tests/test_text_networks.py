"""Texts through the estimator and the command line; MiniLM embeds as transformers does."""

import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from pretrained_networks import minilm
from sklearn.base import clone

from imbtorch import ArrayDataset, InputError, load_checkpoint, load_data
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task
from imbtorch.data.inputs import input_from_json
from imbtorch.integrations.given_texts import given_texts
from imbtorch.models import build_model, embed
from imbtorch.models.backbones import open_backbone
from imbtorch.models.backbones.hf import import_transformers
from imbtorch.sklearn import ImbalancedClassifier
from imbtorch.training.setup import Setup
from tiny_bert import bert_folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """The name of a tiny BERT."""
    return bert_folder(tmp_path_factory.mktemp("bert"))


def articles(n=60, rare=12, seed=0):
    """Texts about oil, and a few about wheat, of different lengths."""
    rng = np.random.default_rng(seed)
    words = ["the", "of", "price", "bank", "rate"]
    texts = [
        " ".join([topic, *rng.choice(words, rng.integers(1, 12))])
        for topic in ["oil"] * n + ["wheat"] * rare
    ]
    return texts, ["oil"] * n + ["grain"] * rare


def estimator(bert, **changes):
    setup = Setup(optimizer="adamw", lr=3e-3, batch_size=16)
    options = {"recipe": "rs", "model": bert, "epochs": 6, "random_state": 0, "device": "cpu"}
    return ImbalancedClassifier(**{**options, "setup": setup, **changes})


@pytest.fixture(scope="module")
def fitted(bert):
    """An estimator trained on texts."""
    return estimator(bert).fit(*articles())


def test_texts_are_fitted_and_predicted(fitted):
    texts, labels = articles(seed=1)
    assert (fitted.predict(texts) == np.array(labels)).mean() > 0.95
    proba = fitted.predict_proba(texts)
    assert proba.shape == (72, 2)
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-6)
    assert fitted.sample_shape_ == (40,)
    assert fitted.score(texts, labels) > 0.95


def test_a_text_is_predicted_alike_alone_and_among_others(fitted):
    texts, _ = articles(seed=1)
    whole = fitted.predict_proba(texts)
    for i in (0, 40, 70):
        np.testing.assert_allclose(fitted.predict_proba([texts[i]])[0], whole[i], atol=1e-5)
    np.testing.assert_allclose(fitted.predict_proba(texts[::-1])[::-1], whole, atol=1e-5)


@pytest.mark.parametrize(
    "form", [np.array, pd.Series, tuple, lambda t: np.array(t, object), lambda t: pd.array(t)]
)
def test_texts_come_in_any_form(fitted, form):
    texts, _ = articles(seed=1)
    np.testing.assert_array_equal(fitted.predict(form(texts)), fitted.predict(texts))


def test_an_estimator_of_texts_is_stored_and_cloned(fitted, bert):
    texts, _ = articles(seed=1)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    copy = clone(fitted).fit(*articles())
    np.testing.assert_array_equal(copy.predict_proba(texts), fitted.predict_proba(texts))


def test_texts_need_a_network_that_takes_them(bert):
    texts, labels = articles(4, 4)
    for model in ("auto", "mlp", build_model("mlp", (3,), 2)):
        shown = model if isinstance(model, str) else "Classifier"
        with pytest.raises(
            InputError, match=rf"X holds texts, which model '{shown}' does not.*hf:"
        ):
            ImbalancedClassifier(model=model).fit(texts, labels)
    with pytest.raises(InputError, match="which takes texts: X must be a list, array or Series"):
        estimator(bert).fit(np.zeros((8, 2)), labels)


def test_what_an_estimator_of_texts_refuses(fitted, bert):
    texts, labels = articles(4, 4)
    with pytest.raises(InputError, match=r"X holds 1 values among 8 .* \(row 2: nan\)"):
        estimator(bert).fit([*texts[:2], float("nan"), *texts[3:]], labels)
    with pytest.raises(InputError, match="takes texts: X must be"):
        fitted.predict(np.zeros((2, 40)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator(bert).fit(texts, labels[1:])
    with pytest.raises(InputError, match="recipe m2m: M2m moves inputs"):
        estimator(bert, recipe="m2m").fit(texts, labels)
    assert given_texts([]) is None
    assert given_texts(np.array([["a"], ["b"]])) is None


def test_tokens_of_another_tokenizer_are_refused(bert):
    model = build_model(bert, (40,), 2)
    data = ArrayDataset(torch.tensor([[3, 4], [200, 5]], dtype=torch.int32), [0, 1], tokens=True)
    with pytest.raises(InputError, match="texts hold tokens 3 to 200; the network knows 200"):
        embed(model, data)


def test_minilm_embeds_as_transformers_does():
    transformers = import_transformers()
    folder = minilm().removeprefix("hf:")
    texts = ["Oil prices rose.", "", "Grain! " * 400, "na\u00efve \u4f60\u597d caf\u00e9", "the"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    spec = open_backbone(minilm()).takes
    given = tokenizer(
        texts, padding=True, truncation=True, max_length=spec.max_length, return_tensors="pt"
    )
    with torch.no_grad():
        hidden = network(**given).last_hidden_state
    mask = given["attention_mask"].unsqueeze(2)
    expected = (hidden * mask).sum(1) / mask.sum(1)
    data = ArrayDataset(spec.transform(texts), [0] * 5, tokens=True)
    model = build_model(minilm(), (spec.max_length,), 2)
    found, _ = embed(model, data, batch_size=2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.fixture
def table(tmp_path, own_cache, monkeypatch):
    """A table of texts, and its own copy of the tiny BERT, which can be lost."""
    monkeypatch.setenv("IMBTORCH_CACHE", str(tmp_path / "store"))
    bert_folder(tmp_path / "bert")
    stored(tmp_path / "texts.csv", *articles(60, 20))
    return tmp_path / "texts.csv"


def stored(path, texts, labels):
    pd.DataFrame({"text": texts, "label": labels}).to_csv(path, index=False)


HOW = ["--epochs", "3", "--lr", "0.003", "--batch-size", "16"]


def test_a_language_model_is_trained_and_used_on_other_texts(table, tmp_path, capsys):
    path, model = str(tmp_path / "model.safetensors"), f"hf:{tmp_path / 'bert'}"
    train = ["train", str(table), "--model", model, *HOW, "--recipe", "rs", "--out", path]
    assert main(train) == 0
    trained = capsys.readouterr().out
    assert "inputs: texts of at most 40 tokens" in trained
    shutil.rmtree(tmp_path / "bert")  # the checkpoint has all that is needed
    assert main(["evaluate", path, str(table)]) == 0
    again = capsys.readouterr().out
    assert "these are the data the network was trained on" in again
    assert again.splitlines()[-12:-2] == trained.splitlines()[-13:-3]
    texts, labels = articles(9, 9, seed=3)
    stored(tmp_path / "new.csv", [text + " bank" * 99 for text in texts], labels)
    assert main(["evaluate", path, str(tmp_path / "new.csv")]) == 0
    assert "18 samples of" in capsys.readouterr().out
    assert main(["embed", path, str(table), str(tmp_path / "made.npz")]) == 0
    network, header = load_checkpoint(path)
    data = load_data(str(table), takes=input_from_json(header["input"]))
    with np.load(tmp_path / "made.npz") as arrays:
        expected, y = embed(network, data.train)
        np.testing.assert_allclose(arrays["train_features"], expected, atol=1e-6)
        np.testing.assert_array_equal(arrays["train_labels"], y)


def test_recipes_are_compared_on_texts(table, tmp_path, capsys):
    model = ["--model", f"hf:{tmp_path / 'bert'}", "--epochs", "1", "--seeds", "1"]
    out = ["--out", str(tmp_path / "runs")]
    assert main(["compare", str(table), *model, "--recipes", "erm,m2m", *out]) == 2
    assert "m2m: M2m moves inputs" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    task = make_task(str(table), model=f"hf:{tmp_path / 'bert'}", epochs=1)
    for recipe in ("ros", "eos"):
        row = task.result(recipe, 0, task.fit(recipe, 0))
        assert 0 <= row["metrics"]["balanced_accuracy"] <= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"augment": "crop"}, "augment is 'crop', which changes images; DATA holds texts"),
        ({"image_size": 32}, "image_size is 32; DATA holds texts: leave it out"),
        ({"freeze": "but:9"}, "freeze is 'but:9'; the network has 3 blocks below its head"),
    ],
)
def test_options_that_cannot_act_are_refused_before_anything_runs(table, bert, options, said):
    with pytest.raises(InputError, match=said):
        make_task(str(table), model=bert, **options)


@pytest.mark.parametrize("option", [{"augment": "erase"}, {"image_size": 8}])
def test_options_for_images_are_refused_for_words_too(table, option):
    with pytest.raises(InputError, match="DATA holds texts"):
        make_task(str(table), **option)
