"""Stored tensors may be any: they fit the network, or one line says what is wrong."""

import json

import pytest
import torch

from hostile_checkpoints import stored_checkpoints, write
from imbtorch import InputError, build_model, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.models import Classifier


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return stored_checkpoints(tmp_path_factory.mktemp("stored"))


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
