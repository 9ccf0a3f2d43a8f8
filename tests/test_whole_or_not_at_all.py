"""Writes are whole, are on disk when they return, and leave no litter."""

import multiprocessing
import os
import signal
from threading import Thread

import pytest

from imbtorch import build_model, save_checkpoint
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task
from imbtorch.files import OURS, WriteError, replacing, write_atomically

GONE = 2**22 - 1
"""The number of a process that is not running: Linux gives none above 2**22."""


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    names = {
        f"model.safetensors.1.{OURS}-{GONE}.part": False,
        f"a.1.{OURS}-{os.getpid()}.part": True,  # still being written
        f"b.1.{'0' * 8}-{GONE}.part": True,  # of another machine
        f"archive.zip.{GONE}.part": True,
        "mine.part": True,
    }
    for name in names:
        (tmp_path / name).write_text("x")
    write_atomically(tmp_path / "new", b"y")
    assert {path.name for path in tmp_path.iterdir()} == {
        "new",
        *(name for name, kept in names.items() if kept),
    }


def test_what_a_link_points_to_is_written_and_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "file")
    for content in (b"old", b"new"):
        write_atomically(link, content)
        assert (tmp_path / "disk" / "file").read_bytes() == content
    assert link.is_symlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WriteError, match=r"pipe' cannot be written .*no file"):
        write_atomically(tmp_path / "pipe", b"x")


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


def test_two_threads_do_not_write_into_one_another(tmp_path):
    path = tmp_path / "a"
    with replacing(path) as part:
        part.write_bytes(b"first")
        other = Thread(target=write_atomically, args=(path, b"other"))
        other.start()
        other.join()
        assert path.read_bytes() == b"other"
        assert part.read_bytes() == b"first"
    assert path.read_bytes() == b"first"
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
