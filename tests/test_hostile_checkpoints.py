"""A checkpoint may hold anything: it works in bounded memory, or one line says what is wrong."""

import copy
import json
import resource
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from imbtorch import InputError, build_model, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.commands import embed, evaluate
from imbtorch.comparison.make_task import make_task
from imbtorch.models import Classifier

KEY = "imbtorch"
DROP = object()
PLAIN = {"temperature": 1.0, "offsets": [], "maximizes": ""}
DEEP = json.loads("[" * 200 + "]" * 200)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Two networks as train stores them, on rows of numbers and on images, and their data."""
    folder = tmp_path_factory.mktemp("stored")
    rng = np.random.default_rng(0)
    data = folder / "made.npz"
    np.savez(data, features=rng.normal(size=(24, 3)), labels=[0] * 16 + [1] * 8)
    out = {}
    for kind, name, model in (("rows", str(data), "mlp"), ("images", "digits", "small-cnn")):
        task = make_task(name, epochs=1, model=model)
        path = folder / f"{kind}.safetensors"
        save_checkpoint(path, task.network(0), task.header("erm", 0))
        whole = path.read_bytes()
        size = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(json.loads(whole[8 : 8 + size])["__metadata__"][KEY])
        out[kind] = (name, header, load(whole), whole)
    return out


def write(path, text, tensors):
    """Write a checkpoint with any text as its header, and without a checksum."""
    try:
        path.write_bytes(save(tensors, {KEY: text}))
    except KeyError as error:  # a kind of number that an older safetensors does not store
        pytest.skip(f"safetensors does not store {error}")
    return str(path)


def changed(header, where, value):
    header = copy.deepcopy(header)
    *way, last = where
    inner = header
    for key in way:
        inner = inner[key]
    if value is DROP:
        del inner[last]
    else:
        inner[last] = value
    return header


@contextmanager
def memory_of_at_most(more):
    """The process can reserve no more than so many bytes on top of what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def embedded(*paths):
    """Run ``imbtorch embed`` without options."""
    options = ("label", "train_split", "test_split", "pretrained", "image_size", "columns")
    embed.run([*paths], None, **dict.fromkeys(options))


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_may_be_stored_in_another_precision(dtype, stored, tmp_path):
    _, header, tensors, _ = stored["rows"]
    tensors = {name: value.to(dtype) for name, value in tensors.items()}
    model, _ = load_checkpoint(write(tmp_path / "m.safetensors", json.dumps(header), tensors))
    assert model.head.weight.dtype is torch.float32
    assert torch.equal(model.head.weight, tensors["head.weight"].float())


TENSORS = {
    "missing": (lambda t: t.pop("head.bias"), "Missing key"),
    "extra": (lambda t: t.update(more=torch.zeros(2)), "Unexpected key"),
    "transposed": (lambda t: t.update({"head.weight": t["head.weight"].T.contiguous()}), "transpo"),
    "shape": (lambda t: t.update({"head.weight": torch.zeros(2, 255)}), "size mismatch"),
    "empty": (lambda t: t.update({"head.weight": torch.zeros(0, 2**40)}), "size mismatch"),
    "whole": (lambda t: t.update({"head.bias": torch.zeros(2, dtype=torch.int32)}), "torch.int32"),
    "complex": (lambda t: t.update({"head.bias": torch.zeros(2) + 0j}), "torch.complex64"),
    "NaN": (lambda t: t["head.bias"].fill_(float("nan")), "NaN or infinite values in head.bias"),
    "infinite": (lambda t: t["head.bias"].fill_(float("inf")), "NaN or infinite"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_do_not_fit(name, stored, tmp_path, capsys):
    data, header, tensors, _ = stored["rows"]
    tensors = {key: value.clone() for key, value in tensors.items()}
    change, said = TENSORS[name]
    change(tensors)
    path = write(tmp_path / "m.safetensors", json.dumps(header), tensors)
    assert main(["evaluate", path, data]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert path in line


NEIGHBORS = {
    "label too large": (torch.zeros(4, 256), torch.tensor([0, 1, 2, 3]), 5),
    "negative label": (torch.zeros(2, 256), torch.tensor([0, -1]), 5),
    "labels of another type": (torch.zeros(2, 256), torch.zeros(2, dtype=torch.uint8), 5),
    "no rows": (torch.zeros(0, 256), torch.zeros(0, dtype=torch.int64), 5),
    "other size": (torch.zeros(2, 255), torch.tensor([0, 1]), 5),
    "fewer labels": (torch.zeros(2, 256), torch.tensor([0]), 5),
    "no neighbors": (torch.zeros(2, 256), torch.tensor([0, 1]), 0),
}


@pytest.mark.parametrize("name", NEIGHBORS)
def test_stored_neighbors_that_cannot_classify(name, tmp_path):
    model = build_model("mlp", (3,), 3, head="neighbors")
    features, labels, k = NEIGHBORS[name]
    model.head.features, model.head.labels, model.head.asked = features, labels, torch.tensor(k)
    save_checkpoint(tmp_path / "m.safetensors", model)
    with pytest.raises(InputError, match=r"does not fit the model: .*head\.(features|labels)"):
        load_checkpoint(tmp_path / "m.safetensors")


def test_a_custom_network_that_is_stored_the_other_way_round(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, Classifier(torch.nn.Linear(2, 16), torch.nn.Linear(3, 16, bias=False)))
    own = Classifier(torch.nn.Linear(2, 16), torch.nn.Linear(16, 3, bias=False))
    said = r"head\.weight: \(3, 16\) is needed; it is \(16, 3\): transpose it"
    with pytest.raises(InputError, match=said):
        load_checkpoint(path, own)


# ------------------------------------------------------------------------------- fuzz

SOME = st.sampled_from(
    [
        *(None, True, -1, 0, 1, 3, 2**31, 2**63, 10**30, 1.5, -0.0, float("nan"), float("inf")),
        *("", "x", "erm", "\ud800", "\x1b[31m\n", [], {}, DEEP, [0] * 1000, "9" * 1000),
    ]
)
ANY = SOME | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def places(value, way=()):
    """Yield the way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items if isinstance(value, (dict, list)) else ():
        yield (*way, key)
        yield from places(inner, (*way, key)) if isinstance(inner, (dict, list)) else ()


def works_or_says_why(door, *arguments):
    try:
        with memory_of_at_most(2**30):
            door(*arguments)
    except InputError as error:
        assert arguments[0] in str(error) or "DATA" in str(error) or "ratio" in str(error)  # noqa: PT017


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data(), kind=st.sampled_from(["rows", "rows", "images"]))
def test_any_change_of_a_header_works_or_is_said(draw, kind, stored, tmp_path, capsys):
    data, header, tensors, _ = stored[kind]
    for _ in range(draw.draw(st.sampled_from([1, 1, 2, 4]))):
        ways = list(places(header))
        where = ways[draw.draw(st.integers(0, len(ways) - 1))]
        header = changed(header, where, draw.draw(ANY | st.just(DROP)))
    path = write(tmp_path / "m.safetensors", json.dumps(header), tensors)
    if draw.draw(st.booleans()):
        works_or_says_why(evaluate.run, path, data)
    else:
        works_or_says_why(embedded, path, data, str(tmp_path / "out.npz"))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_any_damage_to_the_bytes_works_or_is_said(draw, stored, tmp_path, capsys):
    data, _, _, whole = stored["rows"]
    damaged = bytearray(whole)
    head = struct.unpack("<Q", whole[:8])[0] + 8
    for _ in range(draw.draw(st.integers(0, 4))):
        end = draw.draw(st.sampled_from([8, head, head, len(whole)]))
        damaged[draw.draw(st.integers(0, end - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    if draw.draw(st.booleans()):
        damaged = damaged[: draw.draw(st.integers(0, len(damaged)))]
    path = tmp_path / "m.safetensors"
    path.write_bytes(damaged)
    works_or_says_why(evaluate.run, str(path), data)
