"""Faults: nothing stored is lost, and the message says what to do."""

import errno
import gc
import multiprocessing
import os
import resource
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from imbtorch import (
    InputError,
    Snapshots,
    build_model,
    fit,
    load_checkpoint,
    load_data,
    save_checkpoint,
)
from imbtorch.comparison.compare import compare
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.store import ResultStore
from imbtorch.data.batches import Batches
from imbtorch.transforms import M2m, translate


@contextmanager
def files_of_at_most(size):
    """As on a full disk, no file can grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# ------------------------------------------------------------------ full disk, no folder


def test_a_full_disk_leaves_the_checkpoint_that_was_there(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, build_model("mlp", (2,), 3, seed=1), {"recipe": "first"})
    before = path.read_bytes()
    with (
        files_of_at_most(1000),
        pytest.raises(OSError, match=r"as it was: make room or choose another folder"),
    ):
        save_checkpoint(path, build_model("mlp", (2,), 3, seed=2), {"recipe": "second"})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_loses_the_running_epochs_alone(blobs, tmp_path):
    def run(on_epoch=None):
        model = build_model("mlp", (2,), 3, seed=0)
        snapshots = Snapshots(tmp_path, every=0)
        return fit("drs", model, blobs, epochs=6, on_epoch=on_epoch, snapshots=snapshots)

    with ExitStack() as stack:

        def fill_the_disk(row):
            if row["epoch"] == 4:
                stack.enter_context(files_of_at_most(1000))

        with pytest.raises(OSError, match="make room"):
            run(fill_the_disk)
    (state,) = tmp_path.iterdir()
    assert state.stem.endswith("-3")  # of the first phase, epochs 1 to 3
    trained = []
    result = run(trained.append)
    whole = fit("drs", build_model("mlp", (2,), 3, seed=0), blobs, epochs=6)
    assert result.history == whole.history


def test_a_full_disk_keeps_the_rows_that_are_stored(tmp_path):
    store = ResultStore(tmp_path, {"model": "mlp"})
    store.append({"recipe": {"name": "erm"}, "seed": 0})
    size = store.path.stat().st_size
    with files_of_at_most(size + 10), pytest.raises(OSError, match="File too large"):
        store.append({"recipe": {"name": "rs"}, "seed": 0, "long": "x" * 10_000})
    again = ResultStore(tmp_path, {"model": "mlp"})
    assert [row["recipe"]["name"] for row in again.rows] == ["erm"]
    again.append({"recipe": {"name": "rs"}, "seed": 0})
    assert [row["recipe"]["name"] for row in ResultStore(tmp_path, {"model": "mlp"}).rows] == [
        "erm",
        "rs",
    ]


def test_a_file_where_a_folder_is_wanted(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="choose another folder"):
        save_checkpoint(tmp_path / "file" / "m.safetensors", build_model("mlp", (2,), 3))
    with pytest.raises(InputError, match="a folder is needed"):
        ResultStore(tmp_path / "file", {})
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    def read_only(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("imbtorch.training.checkpoint.save_file", lambda *a, **k: read_only("m"))
    with pytest.raises(OSError, match=r"Permission denied.*choose another folder"):
        save_checkpoint(tmp_path / "m.safetensors", build_model("mlp", (2,), 3))
    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(PermissionError, match=str(tmp_path / "out")):
        ResultStore(tmp_path / "out", {})


def test_a_failed_report_is_made_anew_from_what_is_stored(feature_file, tmp_path, monkeypatch):
    task = replace(make_task(str(feature_file)), epochs=2)
    with monkeypatch.context() as patched:
        patched.setattr("imbtorch.comparison.compare.write_report", full)
        with pytest.raises(OSError, match="No space left"):
            compare(task, ["erm"], seeds=1, out=tmp_path, progress=False)
    rows = (tmp_path / "results.jsonl").read_text()
    monkeypatch.setattr("imbtorch.comparison.task.Task.fit", lambda *a: pytest.fail("run again"))
    compare(task, ["erm"], seeds=1, out=tmp_path, progress=False)
    assert (tmp_path / "results.jsonl").read_text() == rows
    assert (tmp_path / "report.html").exists()


# ---------------------------------------------------------------------- damaged files


def test_a_truncated_checkpoint_is_said_at_any_length(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, build_model("mlp", (2,), 3))
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged"):
            load_checkpoint(path)
    path.write_bytes(whole.replace(b"input_shape", b"input_shabe"))
    with pytest.raises(InputError, match="damaged header"):
        load_checkpoint(path)


def test_a_corrupt_parquet_file_is_said(tmp_path, own_cache):
    import datasets

    table = {"a": list(range(200)), "label": [0, 1] * 100}
    path = tmp_path / "t.parquet"
    datasets.Dataset.from_dict(table).to_parquet(path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:4] + b"\xff" * 300 + whole[304:], b"PAR1"):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"t\.parquet.*cannot open it"):
            load_data(str(path))


def test_a_truncated_npz_is_said(feature_file):
    whole = feature_file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        feature_file.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"no readable \.npz"):
            load_data(str(feature_file))


# ------------------------------------------------------------- workers and device memory


class Dying(torch.utils.data.Dataset):
    """A data set whose worker process ends in the middle of an epoch."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 5 and torch.utils.data.get_worker_info() is not None:
            os._exit(1)
        return torch.zeros(2), index % 2


@contextmanager
def all_ended():
    """Wait for the end of all processes: where the connection broke first, torch says it later."""
    try:
        yield
    finally:
        while multiprocessing.active_children():
            time.sleep(0.01)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_dead_data_worker_is_said():
    with pytest.raises(RuntimeError, match="worker"), all_ended():
        list(Batches(Dying(), batch_size=2, num_workers=1))
    gc.collect()
    assert len(list(Batches(Dying(), batch_size=2))) == 4  # fit itself uses none


class Small:
    """A network on a device that has memory for `most` samples at a time."""

    def __init__(self, network, most):
        self.network, self.most, self.seen = network, most, []

    def __call__(self, x):
        self.seen.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.network(x)


@pytest.mark.parametrize("stop_at", [None, 0.6])
def test_translation_goes_on_in_halves_when_memory_is_short(stop_at):
    torch.manual_seed(0)
    f, g = nn.Linear(6, 3), nn.Linear(6, 3)
    x, k0, k = torch.rand(11, 6), torch.zeros(11).long(), torch.arange(11) % 2 + 1
    options = {"lam": 0.1, "steps": 5, "step_size": 0.1, "noise": 0.09, "stop_at": stop_at}

    def run(model, pretrained):
        rng = torch.Generator().manual_seed(1)
        return translate(x, k0, k, model, pretrained, rng=rng, **options)

    small = Small(g, 3)
    with pytest.warns(UserWarning, match=r"samples at once.*smaller batch_size"):
        moved = run(f, small)
    torch.testing.assert_close(moved, run(f, g))
    assert small.seen[:3] == [11, 6, 3]
    with pytest.warns(UserWarning, match="halves"), pytest.raises(torch.OutOfMemoryError):
        run(f, Small(g, 0))  # one sample alone is too large


def test_m2m_survives_short_memory(monkeypatch):
    def batch(short):
        m2m = M2m(nn.Linear(6, 2), [100, 5], beta=0.9, gamma=0.0, seed=0)
        if short:
            folded = m2m._folded

            def small(model, x):
                f, g = folded(model, x)
                return f, lambda x: Small(g, 4)(x) if x.requires_grad else g(x)

            monkeypatch.setattr(m2m, "_folded", small)
        return m2m(torch.arange(120.0).view(20, 6) / 120, torch.arange(20) % 2, nn.Linear(6, 2))

    torch.manual_seed(0)
    expected, _ = batch(short=False)
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match="halves"):
        found, _ = batch(short=True)
    torch.testing.assert_close(found, expected)
