"""Checkpoints come back whole, or it is said why not."""

import pytest
import torch

from imbtorch import ArrayDataset, InputError, build_model, load_checkpoint, save_checkpoint
from imbtorch.models import mlp, predict_logits


def test_checkpoints_come_back_whole(tmp_path, blobs):
    data = ArrayDataset(*blobs)
    for head in ("linear", "cosine"):
        model = build_model("mlp", (2,), 3, train=data, head=head)
        save_checkpoint(tmp_path / "m.safetensors", model, {"recipe": {"name": "erm"}})
        loaded, header = load_checkpoint(tmp_path / "m.safetensors")
        assert torch.equal(predict_logits(model, data)[0], predict_logits(loaded, data)[0])
        assert header["recipe"] == {"name": "erm"}
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_bad_checkpoints_are_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_checkpoint(tmp_path / "none")
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, build_model("mlp", (2,), 3))
    with pytest.raises(InputError, match="does not fit"):
        load_checkpoint(path, mlp((5,), 3))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(path)
