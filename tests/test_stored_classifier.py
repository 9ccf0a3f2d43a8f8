"""An estimator as a file: it predicts the same when it is loaded, and holds no code."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from imbtorch import InputError, Recipe, Setup, Train, load_checkpoint
from imbtorch.cli import main
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.models import mlp
from imbtorch.sklearn import ImbalancedClassifier


def fitted(y=("no", "yes"), X=None, **params):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) if X is None else X
    labels = np.array([*y], dtype=None if len({*map(type, y)}) == 1 else object)
    codes = np.arange(len(X)) % 5 == 0
    made = ImbalancedClassifier("rs", **{"epochs": 1, "random_state": 0, **params})
    return made.fit(X, labels[codes * 1])


LABELS = {
    "strings": ("no", "yes"),
    "umlauts": ("nein, \n", "jä"),
    "numbers": (-3, 2**40),
    "floats": (1.0, 3.0),
    "truth": (False, True),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_any_simple_kind_come_back_as_they_were(labels, tmp_path):
    model = fitted(labels)
    model.save(tmp_path / "m.safetensors")
    again = ImbalancedClassifier.load(tmp_path / "m.safetensors")
    X = np.random.default_rng(1).normal(size=(9, 3))
    assert again.classes_.dtype == model.classes_.dtype
    assert again.predict(X).tolist() == model.predict(X).tolist()
    for prior in (None, [9, 1]):
        np.testing.assert_array_equal(
            again.predict_proba(X, prior), model.predict_proba(X, prior), strict=True
        )


def test_objects_that_are_strings_are_stored_and_others_refused(tmp_path):
    model = fitted(np.array(["no", "yes"], dtype=object))
    model.classes_ = model.classes_.astype(object)
    model.save(tmp_path / "m")
    assert ImbalancedClassifier.load(tmp_path / "m").classes_.tolist() == ["no", "yes"]
    model.classes_ = np.array([pd.Timestamp("2020"), pd.Timestamp("2021")], dtype=object)
    with pytest.raises(InputError, match="labels of type Timestamp"):
        model.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_parameters_come_back_and_fitting_again_gives_the_same(tmp_path):
    setup = Setup(lr=0.02, batch_size=16, milestones=(0.5,))
    model = fitted(setup=setup)
    model.save(tmp_path / "m")
    again = ImbalancedClassifier.load(tmp_path / "m")
    assert again.get_params() == model.get_params()
    assert again.history_ == model.history_
    X, y = np.random.default_rng(2).normal(size=(30, 3)), ["a", "b", "b"] * 10
    first, second = (m.fit(X, y).predict_proba(X) for m in (model, again))
    np.testing.assert_array_equal(first, second)


def test_what_a_file_cannot_hold_must_be_given_again_before_fitting(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8)).astype(np.uint8)
    own = Recipe("erm", [Train(1)])
    model = fitted(X=X, augment=augment_by_name("crop-flip")).set_params(recipe=own)
    model.save(tmp_path / "m")
    again = ImbalancedClassifier.load(tmp_path / "m")
    assert again.predict(X).tolist() == model.predict(X).tolist()
    y = [0, 1] * 20
    with pytest.raises(InputError, match=r"set_params\(augment="):
        again.set_params(recipe="erm").fit(X, y)
    again.set_params(augment=None).fit(X, y)


def test_a_network_of_ones_own_is_given_to_load(tmp_path):
    model = fitted(model=mlp((3,), 2, hidden=5))
    model.save(tmp_path / "m")
    with pytest.raises(InputError, match="custom network"):
        ImbalancedClassifier.load(tmp_path / "m")
    again = ImbalancedClassifier.load(tmp_path / "m", mlp((3,), 2, hidden=5))
    X = np.ones((2, 3))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_columns_of_a_frame_are_known_again_and_the_commands_read_the_file(tmp_path, own_cache):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=["a", "b", "c"])
    model = fitted(X=X)
    path = str(tmp_path / "m.safetensors")
    model.save(path)
    again = ImbalancedClassifier.load(path)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(X[["b", "a", "c"]])
    assert load_checkpoint(path)[1]["data"]["classes"] == ["no", "yes"]
    X[["c", "a", "b"]].to_csv(tmp_path / "new.csv", index=False)
    out = str(tmp_path / "p.csv")
    assert main(["predict", path, str(tmp_path / "new.csv"), "--out", out, "--prior", "9,1"]) == 0
    made = pd.read_csv(out)
    expected = model.predict_proba(X, prior=[9, 1])
    np.testing.assert_allclose(made[["probability_no", "probability_yes"]], expected, atol=1e-5)


def changed(path, out, change):
    """Write the file again with another header, and without a checksum."""
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["imbtorch"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(header["estimator"])
    header |= header["estimator"].pop("beside", {})
    save_file(tensors, out, {"imbtorch": json.dumps(header)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.update(classes=["no"]), "1 labels"),
        (lambda e: e.update(classes=[["no"], ["yes"]]), "no labels"),
        (lambda e: e.update(dtype="V8"), "no labels"),
        (lambda e: e.update(dtype="<i8"), "no labels"),
        (lambda e: e.update(dtype="nonsense"), "no labels"),
        (lambda e: e["params"].update(evil=1), "'evil'"),
        (lambda e: e["params"].update(setup={"lr": "much"}), "setup.lr"),
        (lambda e: e.update(texts={"tokenizer": 3, "max_length": 4}), "texts.tokenizer"),
        (lambda e: e.pop("history"), "history"),
        (lambda e: e.update(beside={"seen": [1]}), r"seen\[0\] is 1"),
    ],
)
def test_a_damaged_header_is_refused(change, message, tmp_path):
    fitted().save(tmp_path / "m")
    changed(tmp_path / "m", tmp_path / "bad", change)
    with pytest.raises(InputError, match=message) as caught:
        ImbalancedClassifier.load(tmp_path / "bad")
    assert "damaged header" in str(caught.value)


def test_files_of_something_else_and_unfitted_estimators_are_refused(tmp_path):
    from sklearn.exceptions import NotFittedError

    from imbtorch import save_checkpoint

    save_checkpoint(tmp_path / "c", mlp((3,), 2))
    with pytest.raises(InputError, match="not of an estimator"):
        ImbalancedClassifier.load(tmp_path / "c", mlp((3,), 2))
    torch.save({"x": torch.zeros(1)}, tmp_path / "t.pt")
    with pytest.raises(InputError, match="damaged"):
        ImbalancedClassifier.load(tmp_path / "t.pt")
    with pytest.raises(NotFittedError):
        ImbalancedClassifier().save(tmp_path / "u")


def test_a_device_and_a_whole_float_come_back_and_train_again(tmp_path):
    model = fitted(epochs=1.0, device=torch.device("cpu"))
    model.save(tmp_path / "m.safetensors")
    again = ImbalancedClassifier.load(tmp_path / "m.safetensors")
    assert (again.epochs, again.device) == (1, "cpu")
    X, y = np.zeros((10, 3)), ["no"] * 8 + ["yes"] * 2
    assert again.fit(X, y).history_ == model.fit(X, y).history_


@pytest.mark.parametrize("device", ["auto:1", "cuda:99", "cuda:x", torch.device("xpu"), "meta", 0])
def test_a_device_that_is_not_there_is_named(device):
    with pytest.raises(InputError, match="device is '"):
        fitted(device=device)
