"""Stored networks, states and embeddings: damage is noticed, and what was lost is made again."""

import json
import random
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from damage import flipped
from imbtorch import InputError, Snapshots, build_model, fit, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.files import write_npz
from imbtorch.npz import read_npz
from imbtorch.training.fit import FitResult
from imbtorch.training.pretrained import Pretrained


@pytest.mark.parametrize("bit", [0, 6])
def test_flipped_bits_of_a_checkpoint_are_noticed(bit, tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, build_model("mlp", (2,), 3, seed=0), {"recipe": {"name": "erm"}})
    whole = path.read_bytes()
    rng = random.Random(bit)
    size = int.from_bytes(whole[:8], "little") + 8
    for position in [*rng.sample(range(8, size), 20), *rng.sample(range(size, len(whole)), 20)]:
        path.write_bytes(flipped(whole, position, bit))
        try:
            model, header = load_checkpoint(path)
        except InputError:
            continue
        path.write_bytes(whole)  # what loads is right
        right, right_header = load_checkpoint(path)
        assert header == right_header
        for a, b in zip(model.parameters(), right.parameters(), strict=True):
            assert torch.equal(a, b)
    assert list(tmp_path.iterdir()) == [path]  # a user's own file keeps its name


def test_a_checkpoint_without_a_checksum_loads(tmp_path):
    from safetensors.torch import save_file

    model = build_model("mlp", (2,), 3, seed=0)
    header = json.dumps({"spec": model.spec})
    save_file(model.state_dict(), tmp_path / "old.safetensors", {"imbtorch": header})
    load_checkpoint(tmp_path / "old.safetensors")


class Stopped(Exception):
    """What interrupts a run."""


def test_a_flipped_bit_in_a_snapshot_never_gives_another_history(blobs, tmp_path):
    def run(folder=None, stop_at=None):
        def on_epoch(row):
            if row["epoch"] == stop_at:
                raise Stopped

        model = build_model("mlp", (2,), 3, seed=0)
        snapshots = folder and Snapshots(folder, every=0)
        return fit("erm", model, blobs, epochs=4, on_epoch=on_epoch, snapshots=snapshots).history

    whole = run()
    with pytest.raises(Stopped):
        run(tmp_path / "first", 4)
    (state,) = (tmp_path / "first").iterdir()
    content = state.read_bytes()
    for position in random.Random(0).sample(range(8, len(content)), 6):
        folder = tmp_path / str(position)
        folder.mkdir()
        (folder / state.name).write_bytes(flipped(content, position))
        with pytest.warns(UserWarning, match="trained again"):
            assert run(folder) == whole
        assert (folder / f"{state.name}.damaged").exists()


def test_a_damaged_frozen_network_is_trained_again(tmp_path):
    path, made = tmp_path / "pretrained.safetensors", []

    def make():
        made.append(1)
        return FitResult(build_model("mlp", (2,), 3, seed=0), [], 1.0, None, {})

    Pretrained(make, path)()
    whole, content = load_checkpoint(path)[0].state_dict(), path.read_bytes()
    path.write_bytes(flipped(content, len(content) - 5))
    with pytest.warns(UserWarning, match="the network is trained again"):
        assert isinstance(Pretrained(make, path)(), nn.Module)
    assert len(made) == 2
    torch.testing.assert_close(load_checkpoint(path)[0].state_dict(), whole, rtol=0, atol=0)


def test_flipped_bits_of_an_npz_are_noticed(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, {"features": np.arange(400.0)})
    whole = path.read_bytes()
    start = whole.index(np.arange(400.0)[1:].tobytes())
    for position in range(start, start + 3000, 500):
        path.write_bytes(flipped(whole, position))
        with pytest.raises(InputError, match=r"not a readable \.npz"):
            read_npz(path, "data")


@pytest.mark.usefixtures("no_report")
@pytest.mark.filterwarnings("default")
def test_damaged_embeddings_are_made_again_from_the_checkpoint(feature_file, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["compare", str(feature_file), "--recipes", "erm", "--seeds", "1", "--epochs", "2"]
    assert main([*command, "--out", str(out)]) == 0
    path = out / "checkpoints" / "erm-embeddings.npz"
    before = read_npz(path, "checkpoints")
    path.write_bytes(path.read_bytes()[:200])
    assert main([*command, "--out", str(out)]) == 0
    assert "erm-embeddings.npz.damaged" in capsys.readouterr().err
    for name, values in read_npz(path, "checkpoints").items():
        np.testing.assert_array_equal(values, before[name])


@pytest.mark.usefixtures("no_report")
@pytest.mark.filterwarnings("default")
def test_a_damaged_or_missing_checkpoint_of_a_stored_run_is_said(
    feature_file, tmp_path, capsys, monkeypatch
):
    """It is not trained again unasked; its line removed, it is, to the same network and row."""
    out = tmp_path / "out"
    command = ["compare", str(feature_file), "--recipes", "erm,rs", "--seeds", "2", "--epochs", "2"]
    command += ["--out", str(out)]
    assert main(command) == 0
    assert "checkpoint" not in capsys.readouterr().err
    path, rows = out / "checkpoints" / "erm-seed1.safetensors", (out / "results.jsonl").read_bytes()
    whole, model = path.read_bytes(), load_checkpoint(path)[0]
    for damaged in (flipped(whole, len(whole) - 5), whole[:99], whole[:-1], b""):
        path.write_bytes(damaged)
        with monkeypatch.context() as patched:
            patched.setattr("imbtorch.comparison.task.Task.fit", lambda *_: pytest.fail("trained"))
            assert main(command) == 0
        said = capsys.readouterr().err
        assert "is now called erm-seed1.safetensors.damaged: its results stand" in said
        assert "remove its line from results.jsonl" in said
        assert path.with_name(f"{path.name}.damaged").read_bytes() == damaged
        assert not path.exists()
    (out / "checkpoints" / "rs-seed0.safetensors").unlink()
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "2 checkpoints of stored runs missing" in said
    assert "(erm-seed1.safetensors, rs-seed0.safetensors)" in said
    assert (out / "results.jsonl").read_bytes() == rows
    lines = rows.splitlines(keepends=True)
    (out / "results.jsonl").write_bytes(lines[0] + b"".join(lines[2:]))
    assert main(command) == 0
    again = load_checkpoint(path)[0]
    assert all(map(torch.equal, again.parameters(), model.parameters()))
    checksum = json.loads(lines[1])["checksum"]
    assert json.loads((out / "results.jsonl").read_bytes().splitlines()[-1])["checksum"] == checksum


def test_snapshots_of_an_interrupt_are_those_of_the_last_epoch(blobs, tmp_path):
    """Ctrl-C and SIGTERM write the state at once, not at the next usual time."""

    def run(folder=None, stop_at=None):
        trained = []

        def on_epoch(row):
            trained.append(row["epoch"])
            if row["epoch"] == stop_at:
                raise KeyboardInterrupt

        model = build_model("mlp", (2,), 3, seed=0)
        snapshots = folder and Snapshots(folder, every=3600)
        result = fit("drs", model, blobs, epochs=10, on_epoch=on_epoch, snapshots=snapshots)
        return result, trained

    whole, _ = run()
    for stop_at in (4, 8, 10):
        folder = tmp_path / str(stop_at)
        with pytest.raises(KeyboardInterrupt):
            run(folder, stop_at)
        done = sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob("*.state"))
        assert done == {4: [3], 8: [7], 10: [1, 8]}[stop_at]
        again, _ = run(folder)
        assert again.history == whole.history
        for a, b in pairwise((again.model, whole.model)):
            assert all(map(torch.equal, a.parameters(), b.parameters()))
        shutil.rmtree(folder)
