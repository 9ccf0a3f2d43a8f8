"""A header may say anything: it works in bounded memory, or one line says what is wrong."""

import json

import pytest

from hostile_checkpoints import (
    DEEP,
    DROP,
    changed,
    embedded,
    memory_of_at_most,
    stored_checkpoints,
    write,
)
from imbtorch import InputError, build_model, load_checkpoint
from imbtorch.cli import main
from imbtorch.commands import evaluate

PLAIN = {"temperature": 1.0, "offsets": [], "maximizes": ""}
ROWS = [
    (("spec",), DROP, "has no 'spec'"),
    (("spec",), None, "custom network"),
    (("spec",), [], "spec is []; an object is needed"),
    (("spec", "name"), "resnet23", "did you mean resnet32"),
    (("spec", "name"), "resnet32", "use mlp"),
    (("spec", "name"), "x" * 10**6, "model is 'xxx"),
    (("spec", "name"), DEEP, "spec.name is [[[[[[[...]]]]]]]; a text is needed"),
    (("spec", "input_shape"), DROP, "spec has no 'input_shape'"),
    (("spec", "input_shape"), [], "input_shape is ()"),
    (("spec", "input_shape"), [-3], "at least 1"),
    (("spec", "input_shape"), [3.0], "spec.input_shape[0] is 3.0; a whole number"),
    (("spec", "input_shape"), [True], "a whole number is needed"),
    (("spec", "input_shape"), [2**50], "too large"),
    (("spec", "input_shape"), [10**30], "a whole number is needed"),
    (("spec", "input_shape"), [10**9], "does not fit the model"),
    (("spec", "input_shape"), "3", "a list is needed"),
    (("spec", "num_classes"), 0, "at least 1"),
    (("spec", "num_classes"), 3, "does not fit the model"),
    (("spec", "num_classes"), 2**62, "too large"),
    (("spec", "num_classes"), 10**9, "does not fit the model"),
    (("spec", "num_classes"), None, "a whole number is needed"),
    (("spec", "head"), "magic", "linear, cosine, neighbors or trees"),
    (("spec", "head"), "cosine", "does not fit the model"),
    (("spec", "seed"), 3, "a key of spec is 'seed'"),
    (("recipe",), DROP, "header has no 'recipe'"),
    (("recipe", "name"), 5, "recipe.name is 5; a text is needed"),
    (("decision",), [], "decision is []; an object is needed"),
    (("decision",), {**PLAIN, "temperature": 0}, "decision.temperature is 0; it must be at"),
    (("decision",), {**PLAIN, "temperature": float("nan")}, "a finite number is needed"),
    (("decision",), {**PLAIN, "offsets": [0.0, 1.0, 2.0]}, "has 3 numbers, for 2 classes"),
    (("decision",), {**PLAIN, "temperature": 1e9}, "a number from 0 to 1000"),
    (("decision",), {**PLAIN, "offsets": [0.0, float("inf")]}, "a finite number is needed"),
    (("decision",), {**PLAIN, "offsets": [0.0, 1e300]}, "a number from -1000000"),
    (("seen",), [1], "seen[0] is 1; a text is needed"),
    (("decision",), {**PLAIN, "maximizes": None}, "a text is needed"),
    (("decision",), {**PLAIN, "bias": 1}, "a key of decision is 'bias'"),
    (("data",), DROP, "header has no 'data'"),
    (("data", "name"), DROP, "data has no 'name'"),
    (("data", "classes"), ["0"], "must agree"),
    (("data", "classes"), ["0", "0"], "(1 names)"),
    (("data", "classes"), ["0", 1], "data.classes[1] is 1; a text is needed"),
    (("data", "classes"), ["0", "\ud800"], "a text is needed"),
    (("data", "classes"), "01", "a list is needed"),
    (("data", "counts"), [12], "must agree"),
    (("data", "counts"), [12, 0], "a number from 1 to"),
    (("data", "counts"), [12, -4], "a number from 1 to"),
    (("data", "counts"), [12, 2.5], "a whole number is needed"),
    (("data", "counts"), [12, 10**30], "a whole number is needed"),
    (("data", "data_seed"), -1, "a number from 0 to"),
    (("data", "data_seed"), 2**40, "a number from 0 to"),
    (("data", "data_seed"), "0", "a whole number is needed"),
    (("data", "profile"), "stored", "an object is needed"),
    (("data", "profile", "name"), "auto", "data.profile.name is 'auto'"),
    (("data", "profile", "name"), "random", "data.profile.fraction is None"),
    (("data", "profile", "ratio"), float("nan"), "a finite number is needed"),
    (("data", "profile", "slope"), 1, "a key of data.profile is 'slope'"),
    (("input",), DROP, "does not say what inputs"),
    (("input",), None, "an object is needed"),
    (("input", "kind"), "sound", "known are image, text"),
    (("input", "kind"), [], "input.kind is []; a text is needed"),
    (("input", "kind"), "image", "input"),
    (("input", "shape"), [4], "samples of shape (4,); the network takes (3,)"),
    (("input", "shape"), [10**12], "the network takes (3,)"),
    (("input", "width"), 3, "a key of input is 'width'"),
    (("model",), "small-cnn", "model is 'small-cnn'"),
    (("epochs",), -1, "a number from 0 to"),
    (("seed",), -1, "a number from 0 to"),
    (("setup",), [], "an object is needed"),
    (("setup", "lr"), -1.0, "lr is -1.0; it must be positive"),
    (("setup", "lr"), "fast", "setup.lr is 'fast'; a finite number"),
    (("setup", "speed"), 1, "a key of setup is 'speed'"),
    (("versions",), ["1"], "an object is needed"),
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return stored_checkpoints(tmp_path_factory.mktemp("stored"))


@pytest.mark.parametrize(("where", "value", "said"), ROWS)
def test_a_header_that_is_wrong_in_one_place(where, value, said, stored, tmp_path, capsys):
    data, header, tensors, _ = stored["rows"]
    path = write(tmp_path / "m.safetensors", json.dumps(changed(header, where, value)), tensors)
    out = tmp_path / "out.npz"
    with memory_of_at_most(2**30):
        for command in (["evaluate", path, data], ["embed", path, data, str(out)]):
            assert main(command) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert said in line
            assert path in line
            assert len(line) < 1000
    assert not out.exists()


TEXTS = {
    "": "not JSON",
    "{": "not JSON",
    "null": "header is None; an object is needed",
    "[1]": "header is [1]; an object is needed",
    '{"spec": {"name": 1' + "0" * 5000 + "}}": "not JSON",
    "[" * 10**6 + "]" * 10**6: "not JSON: maximum recursion",
    '{"a":' * 10**5 + "1" + "}" * 10**5: "not JSON: maximum recursion",
    '"' + "x" * (2**26 + 1) + '"': "at most 67108864 are read",
}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_header_that_is_no_header(text, stored, tmp_path):
    path = write(tmp_path / "m.safetensors", text, stored["rows"][2])
    with memory_of_at_most(2**30), pytest.raises(InputError) as caught:
        load_checkpoint(path)
    assert TEXTS[text] in str(caught.value)
    assert len(str(caught.value)) < 1000


IMAGES = [
    (("input", "size"), [8, 8, 8], "a list of 2 is needed"),
    (("input", "size"), [8, 9], "samples of shape (1, 8, 9)"),
    (("input", "channels"), 3, "samples of shape (3, 8, 8)"),
    (("input", "channels"), "1", "a whole number is needed"),
    (("data", "counts", 3), 0, "data.counts[3] is 0"),
    (("data", "profile", "fraction"), 0.5, "data.profile.fraction is 0.5"),
    (("data", "classes", 4), "four", "the labels ['4']"),
]


@pytest.mark.parametrize(("where", "value", "said"), IMAGES)
def test_a_header_of_images_that_is_wrong_in_one_place(where, value, said, stored, tmp_path):
    data, header, tensors, _ = stored["images"]
    path = write(tmp_path / "m.safetensors", json.dumps(changed(header, where, value)), tensors)
    with memory_of_at_most(2**30), pytest.raises(InputError) as caught:
        embedded(path, data, str(tmp_path / "out.npz"))
    assert said in str(caught.value)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_image_size_that_no_weight_bounds(stored, tmp_path, monkeypatch):
    """A residual network takes images of any size: the header alone could ask for petabytes."""
    data, header, _, _ = stored["images"]
    network = build_model("resnet32", (1, 8, 8), 10)
    monkeypatch.setattr("imbtorch.npz.free_memory", lambda: 2**36)
    for side in (2**13, 2**19, 2**31):
        spec = {**network.spec, "input_shape": [1, side, side]}
        new = {**header, "spec": spec, "model": "resnet32"}
        new["input"] = {**header["input"], "size": [side, side]}
        path = write(tmp_path / "m.safetensors", json.dumps(new), network.state_dict())
        with memory_of_at_most(2**30), pytest.raises(InputError, match=r"GB are free|too large"):
            evaluate.run(path, data)


def test_keys_of_the_users_own_and_of_newer_versions_are_no_fault(stored, tmp_path):
    data, header, tensors, _ = stored["rows"]
    header = changed(header, ("note",), {"deep": DEEP, "loss": float("nan"), "n": 10**30})
    header = changed(header, ("data", "license"), "CC0")
    evaluate.run(write(tmp_path / "m.safetensors", json.dumps(header), tensors), data)


def test_a_header_of_the_first_version_has_no_kind_of_head(stored, tmp_path):
    data, header, tensors, _ = stored["rows"]
    text = json.dumps(changed(header, ("spec", "head"), DROP))
    evaluate.run(write(tmp_path / "m.safetensors", text, tensors), data)
