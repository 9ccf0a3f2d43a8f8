"""Faults of data workers and of device memory: what is said, and how the work goes on."""

import gc
import multiprocessing
import os
import signal
import time
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from drawn import Drawn
from imbtorch.data.batches import Batches
from imbtorch.data.workers import Workers
from imbtorch.reproduction import run_table
from imbtorch.stopping import Terminated, passed_on, terminable
from imbtorch.transforms import M2m, translate

FORK = multiprocessing.get_context("fork")


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
    """Wait for the processes of the block: where the connection broke first, torch says it later.

    Others may be alive: those of a pool that another test used stay for a while.
    """
    before = set(multiprocessing.active_children())
    try:
        yield
    finally:
        while set(multiprocessing.active_children()) - before:
            time.sleep(0.01)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_dead_data_worker_is_said():
    with pytest.raises(RuntimeError, match="worker"), all_ended():
        list(Batches(Dying(), batch_size=2, workers=Workers(1)))
    gc.collect()
    assert len(list(Batches(Dying(), batch_size=2))) == 4  # by default, none


def test_a_killed_worker_of_a_grid_is_said_and_the_others_go_on(tmp_path, monkeypatch):
    """The first process that comes to it is killed, as for want of memory."""
    root = str(tmp_path)

    def work(table, root, options, threads):  # pickled whole: the workers import nothing of ours
        import os
        import pathlib
        import signal

        folder = pathlib.Path(root)
        try:
            (folder / "first").touch(exist_ok=False)
        except FileExistsError:
            (folder / f"done-{os.getpid()}").touch()
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(run_table, "_gather_quietly", work)
    with pytest.warns(UserWarning, match=r"a worker process was killed .* in 2 processes") as said:
        run_table.gather_side_by_side(None, root, None, jobs=3)
    assert len(said) == 1
    assert list(tmp_path.glob("done-*"))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_sigterm_goes_on_to_the_workers_which_save_their_state():
    def work(ready, ended):
        with terminable():
            try:
                ready.set()
                time.sleep(60)
            except Terminated:
                ended.put("saved")

    ready, ended = FORK.Event(), FORK.SimpleQueue()
    worker = FORK.Process(target=work, args=(ready, ended))
    worker.start()
    assert ready.wait(60)
    with passed_on() as stopped:
        signal.raise_signal(signal.SIGTERM)
    worker.join(60)
    assert (stopped, ended.get(), worker.exitcode) == ([True], "saved", 0)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


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
                f, g, judge = folded(model, x)
                return f, lambda x: Small(g, 4)(x) if x.requires_grad else g(x), judge

            monkeypatch.setattr(m2m, "_folded", small)
        return m2m(torch.arange(120.0).view(20, 6) / 120, torch.arange(20) % 2, nn.Linear(6, 2))

    torch.manual_seed(0)
    expected, _ = batch(short=False)
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match="halves"):
        found, _ = batch(short=True)
    torch.testing.assert_close(found, expected)


class Slow(Drawn):
    def __getitem__(self, index):
        time.sleep(0.02)
        return super().__getitem__(index)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_ctrl_c_ends_all_processes_without_their_tracebacks(tmp_path):
    """A terminal sends it to the whole group."""
    said = tmp_path / "said"

    def work(ready):
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
        os.dup2(os.open(said, os.O_CREAT | os.O_WRONLY), 2)
        try:
            for _ in Workers(2).load(Slow(), [[i % 30] for i in range(5_000)]):
                ready.set()
        except KeyboardInterrupt:
            os._exit(7 if not multiprocessing.active_children() else 8)

    ready = FORK.Event()
    worker = FORK.Process(target=work, args=(ready,))
    worker.start()
    assert ready.wait(60)
    os.killpg(worker.pid, signal.SIGINT)
    worker.join(60)
    assert (worker.exitcode, said.read_text()) == (7, "")
