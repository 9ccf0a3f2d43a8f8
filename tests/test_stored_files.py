"""Stored files: damage is noticed, set aside and mended; writes are whole and leave no litter."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import threading
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError, Snapshots, build_model, fit, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.result_file import ResultFile
from imbtorch.comparison.store import ResultStore
from imbtorch.files import OURS, replacing, seal, unseal, write_atomically, write_npz
from imbtorch.metrics.confusion import pack, unpack
from imbtorch.npz import read_npz
from imbtorch.training.fit import FitResult
from imbtorch.training.pretrained import Pretrained

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
VALUES = st.dictionaries(st.text().filter(lambda name: name != "checksum"), JSON, max_size=5)
GONE = 2**22 - 1
"""The number of a process that is not running: Linux gives none above 2**22."""


def flipped(content, position, bit=0):
    damaged = bytearray(content)
    damaged[position] ^= 1 << bit
    return bytes(damaged)


# ------------------------------------------------------------------ JSON with a checksum


@settings(max_examples=40)
@given(VALUES.filter(lambda values: all(x == x for x in values.values())))
def test_what_is_sealed_comes_back(values):
    values = json.loads(json.dumps(values))
    if "Infinity" in json.dumps(values):
        return
    assert unseal(seal(values)) == values
    assert unseal(json.dumps(values)) == values  # stored by an earlier version


@given(st.data())
def test_a_flipped_bit_is_noticed_or_changes_nothing(data):
    values = {"recipe": {"name": "erm", "phases": [1, 2.5]}, "seed": 3, "metrics": {"f1": 0.8125}}
    sealed = seal(values).encode()
    position = data.draw(st.integers(0, len(sealed) - 1))
    try:
        found = unseal(flipped(sealed, position, data.draw(st.integers(0, 7))))
    except ValueError:
        return
    # only the name of the checksum can change: all else is still right
    assert {name: found[name] for name in values} == values


def test_times_are_not_part_of_the_checksum():
    first, second = ({"seed": 0, "seconds": s, "pretrained_seconds": s} for s in (1.0, 2.0))
    assert json.loads(seal(first))["checksum"] == json.loads(seal(second))["checksum"]


# ------------------------------------------------------------------ results


@pytest.fixture
def store(tmp_path):
    store = ResultStore(tmp_path, {"model": "mlp"})
    for seed in range(3):
        store.append({"recipe": {"name": "erm"}, "seed": seed, "model": "mlp", "f1": seed / 7})
    return store


def test_a_damaged_line_is_moved_and_its_run_made_again(store):
    lines = store.path.read_bytes().splitlines(keepends=True)
    damaged = lines[1].replace(b"0.142857", b"0.942857")  # still JSON, with another figure
    store.path.write_bytes(lines[0] + damaged + b"\xff\x00 garbage\n" + lines[2])
    with pytest.warns(UserWarning, match=r"2 damaged or incomplete lines"):
        again = ResultStore(store.folder, {"model": "mlp"})
    assert store.path.read_bytes() == lines[0] + lines[2]
    moved = store.folder / "results.jsonl.damaged"
    assert moved.read_bytes() == damaged + b"\xff\x00 garbage\n"
    assert [row["seed"] for row in again.rows] == [0, 2]
    assert again.row({"name": "erm"}, 1, lambda: {"f1": 0.5})["f1"] == 0.5
    assert [row["seed"] for row in ResultStore(store.folder, {"model": "mlp"}).rows] == [0, 2, 1]


def test_a_damage_of_another_process_does_not_hide_later_rows(store):
    other = ResultStore(store.folder, {"model": "mlp"})
    with store.path.open("ab") as file:
        file.write(b"garbage\n")
    with pytest.warns(UserWarning, match="damaged"):
        other.row({"name": "rs"}, 0, lambda: {"f1": 0.25})
    assert store.row({"name": "rs"}, 0, lambda: pytest.fail("run again"))["f1"] == 0.25


def test_rows_without_a_checksum_are_read(store):
    rows = [{"recipe": {"name": "erm"}, "seed": s, "f1": 0.5} for s in (0, 1)]
    store.path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert ResultStore(store.folder, {"model": "mlp"}).rows == rows


def test_equal_recipes_are_found_whatever_their_numbers_are_written_as(store):
    store.append({"recipe": {"name": "a", "phases": [{"beta": 1, "k": [2]}]}, "seed": 0})
    assert store.has({"phases": [{"k": (2.0,), "beta": 1.0}], "name": "a"}, 0)
    assert not store.has({"phases": [{"k": [3], "beta": 1}], "name": "a"}, 0)


def test_a_line_that_lacks_only_its_end_is_kept(store):
    store.path.write_bytes(store.path.read_bytes()[:-1])
    store.append({"recipe": {"name": "rs"}, "seed": 0})
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 4


@pytest.mark.parametrize("junk", [bytes(100), b"{", b"garbage \xff", b'{"seed": 1}'])
def test_what_follows_the_last_line_is_moved_at_once(junk, store):
    whole = store.path.read_bytes()
    store.path.write_bytes(whole + junk)
    with pytest.warns(UserWarning, match=r"1 damaged or incomplete line,"):
        again = ResultStore(store.folder, {"model": "mlp"})
    assert store.path.read_bytes() == whole
    assert (store.folder / "results.jsonl.damaged").read_bytes() == junk + b"\n"
    assert again.rows == store.rows


def test_a_row_that_lacks_only_its_end_is_read_at_once_and_nothing_is_said(store):
    store.path.write_bytes(store.path.read_bytes()[:-1])
    assert ResultStore(store.folder, {"model": "mlp"}).rows == store.rows
    assert not (store.folder / "results.jsonl.damaged").exists()


def test_a_line_that_is_being_written_is_waited_for(store):
    """Only who holds the lock writes: then an incomplete line is no damage."""
    whole = store.path.read_bytes()
    line = seal({"recipe": {"name": "rs"}, "seed": 0}).encode() + b"\n"
    halfway = threading.Event()

    def write():
        with FileLock(store.folder / ".lock"):
            store.path.write_bytes(whole + line[:9])
            halfway.set()
            time.sleep(0.1)
            store.path.write_bytes(whole + line)

    writer = threading.Thread(target=write)
    writer.start()
    assert halfway.wait(60)
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 4
    writer.join()
    assert store.path.read_bytes() == whole + line


def test_an_append_reads_nothing_of_what_is_there(tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{"recipe": {}, "seed": 0}\n')
    file = ResultFile(path, FileLock(tmp_path / ".lock"))
    path.write_bytes(b"x" * 10_000_000 + b"\n")
    monkeypatch.setattr(ResultFile, "_repair", lambda self: pytest.fail("read the whole file"))
    file.append({"recipe": {}, "seed": 1})
    assert path.stat().st_size < 10_000_200


def test_a_damaged_label_is_written_again_if_the_rows_say_the_same(store):
    label = store.folder / "experiment.json"
    whole = label.read_bytes()
    for damaged in (b"", b"\xff\xfe", whole[:9], whole.replace(b"mlp", b"mlq"), b"[]"):
        label.write_bytes(damaged)
        with pytest.warns(UserWarning, match=r"experiment\.json.* is damaged .*written again"):
            ResultStore(store.folder, {"model": "mlp"})
        assert label.read_bytes() == whole
        assert label.with_name("experiment.json.damaged").read_bytes() == damaged
    label.write_bytes(b"{")
    with pytest.raises(InputError, match="unknown origin"):
        ResultStore(store.folder, {"model": "resnet32"})
    assert label.read_bytes() == b"{"


def test_a_label_without_a_checksum_is_read(store):
    (store.folder / "experiment.json").write_text('{"model": "mlp"}')
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 3
    with pytest.raises(InputError, match="its model differ"):
        ResultStore(store.folder, {"model": "cnn"})


# ------------------------------------------------------------------ tensors


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


# ------------------------------------------------------------------ whole or not at all


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    names = {
        f"model.safetensors.{OURS}-{GONE}.part": False,
        f"model.safetensors.{GONE}.part": False,  # of an earlier version
        f"a.{OURS}-{os.getpid()}.part": True,  # still being written
        f"b.{'0' * 8}-{GONE}.part": True,  # of another machine
        "mine.part": True,
    }
    for name in names:
        (tmp_path / name).write_text("x")
    write_atomically(tmp_path / "new", b"y")
    assert {path.name for path in tmp_path.iterdir()} == {
        "new",
        *(name for name, kept in names.items() if kept),
    }


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_kill_while_writing_leaves_the_old_file_and_then_no_litter(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, build_model("mlp", (2,), 3, seed=0))
    before = path.read_bytes()

    def killed():
        with replacing(path) as part:
            part.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)

    writer = multiprocessing.get_context("fork").Process(target=killed)
    writer.start()
    writer.join(60)
    assert writer.exitcode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(list(tmp_path.glob("*.part"))) == 1
    save_checkpoint(path, build_model("mlp", (2,), 3, seed=0))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_and_its_folder_are_on_disk_before_and_after_the_rename(tmp_path, monkeypatch):
    done = []
    sync, rename = os.fsync, type(tmp_path).replace
    kind = {True: "folder", False: "file"}
    monkeypatch.setattr(
        "os.fsync",
        lambda fd: (done.append(kind[os.path.isdir(f"/proc/self/fd/{fd}")]), sync(fd))[1],  # noqa: PTH112
    )
    monkeypatch.setattr(
        type(tmp_path), "replace", lambda self, to: (done.append("rename"), rename(self, to))[1]
    )
    with replacing(tmp_path / "a") as part:
        part.write_bytes(b"a")
    assert done == ["file", "rename", "folder"]


@pytest.mark.filterwarnings("default")
def test_a_full_disk_stops_the_grid_at_once(feature_file, tmp_path, capsys, monkeypatch):
    from test_faults import files_of_at_most

    fits = []
    task_fit = type(make_task(str(feature_file))).fit
    monkeypatch.setattr(
        "imbtorch.comparison.task.Task.fit",
        lambda self, *args: (fits.append(1), task_fit(self, *args))[1],
    )
    command = ["compare", str(feature_file), "--recipes", "erm,rs", "--seeds", "3", "--epochs", "2"]
    with files_of_at_most(4000):
        assert main([*command, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("imbtorch: error: ")
    assert "free some space or choose another folder, then run the command again" in said
    assert len(fits) == 1
    assert not list(tmp_path.rglob("*.part"))
    assert main([*command, "--out", str(tmp_path / "out")]) == 0


# ------------------------------------------------------------------ many classes


@given(st.integers(1, 130), st.integers(0, 2**31))
def test_a_confusion_matrix_comes_back(num_classes, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.poisson(0.05, (num_classes, num_classes))
    packed = json.loads(json.dumps(pack(matrix)))
    assert isinstance(packed, dict) == (num_classes > 100)
    np.testing.assert_array_equal(unpack(packed, num_classes), matrix)


def test_many_classes_take_little_room():
    matrix = np.zeros((8142, 8142), np.int32)
    rng = np.random.default_rng(0)
    np.add.at(matrix, tuple(rng.integers(0, 8142, (2, 24_426))), 1)
    assert len(json.dumps(pack(matrix))) < 500_000


def test_versions_name_threads_and_kernels_and_rows_are_found_without(feature_file, tmp_path):
    task = replace(make_task(str(feature_file)), epochs=1)
    row = task.result("erm", 0, task.fit("erm", 0))
    found = row["versions"]
    assert found["threads"] == torch.get_num_threads()
    assert found["kernels"] == torch.backends.cpu.get_cpu_capability()
    assert found["device"]
    assert "versions" not in task.identity()
    store = ResultStore(tmp_path / "out", task.identity())
    store.append({**row, "versions": {"torch": "2.5.0"}})
    again = ResultStore(tmp_path / "out", task.identity())
    assert again.has(task.recipe("erm").describe(), 0)


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
