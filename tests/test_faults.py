"""Faults: nothing stored is lost, and the message says what to do."""

import errno
import os
import re
import resource
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from imbtorch import (
    InputError,
    Snapshots,
    build_model,
    fit,
    load_checkpoint,
    load_data,
    save_checkpoint,
)
from imbtorch.cli import main
from imbtorch.commands import inspect
from imbtorch.comparison.compare import compare
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.store import ResultStore


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
        pytest.raises(OSError, match=r"unchanged: free some space or choose another folder"),
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

        with pytest.raises(OSError, match="free some space"):
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

    monkeypatch.setattr(Path, "write_bytes", read_only)
    with pytest.raises(OSError, match=r"Permission denied.*choose another folder"):
        save_checkpoint(tmp_path / "m.safetensors", build_model("mlp", (2,), 3))
    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(PermissionError, match=str(tmp_path / "out")):
        ResultStore(tmp_path / "out", {})


def test_a_failed_report_is_made_anew_from_what_is_stored(feature_file, tmp_path, monkeypatch):
    task = replace(make_task(str(feature_file)), epochs=2)
    with monkeypatch.context() as patched:
        patched.setattr("imbtorch.comparison.compare.report_on", full)
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
        with pytest.raises(InputError, match=r"not a readable \.npz"):
            load_data(str(feature_file))


@pytest.mark.filterwarnings("default")
def test_failed_runs_stand_in_table_and_report_and_give_status_1(
    feature_file, tmp_path, capsys, monkeypatch
):
    from imbtorch.samplers import ClassBalancedSampler
    from imbtorch.training import Train
    from test_grid import Diverging

    whole = Train.run

    def run(self, run):
        diverging = self.sampler is ClassBalancedSampler and run.seed == 1
        return (Diverging.run if diverging else whole)(self, run)

    monkeypatch.setattr(Train, "run", run)
    command = ["compare", str(feature_file), "--epochs", "2", "--out", str(tmp_path)]
    assert main([*command, "--recipes", "erm,rs", "--seeds", "2"]) == 1
    printed = capsys.readouterr().out
    table = (tmp_path / "table.md").read_text()
    report = (tmp_path / "report.html").read_text()
    for text in (printed, table, report):
        assert "failed: rs, seed 1: InputError: the loss became NaN" in text
    monkeypatch.setattr(Train, "run", lambda self, run: Diverging.run(self, run))
    assert main([*command, "--recipes", "erm,drs", "--seeds", "2"]) == 1
    table = (tmp_path / "table.md").read_text()
    assert re.search(r"\| drs +\| +failed", table)
    assert "failed: drs, seeds 0, 1: InputError" in table
    assert '<td>drs</td><td colspan="' in (tmp_path / "report.html").read_text()
    assert main([*command, "--recipes", "drs", "--seeds", "2"]) == 2
    assert "every run failed, see" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.filterwarnings("default")
def test_a_warning_is_said_once_a_command(capsys, monkeypatch):
    def run(**_):
        for text in ("rare", "rarer", "rare"):
            with warnings.catch_warnings():  # forgets what was said
                warnings.warn(text, stacklevel=1)

    run.__doc__ = inspect.run.__doc__
    monkeypatch.setattr(inspect, "run", run)
    for _ in range(2):
        assert main(["inspect", "digits"]) == 0
        said = capsys.readouterr().err.split()
        assert (said.count("rare"), said.count("rarer")) == (1, 1)
