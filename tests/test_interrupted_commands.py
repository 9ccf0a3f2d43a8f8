"""Commands that a signal ends go on where they were."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
from contextlib import suppress

import pytest
import torch

from imbtorch import load_checkpoint
from imbtorch.cli import main
from imbtorch.training.run import Run
from stored_rows import results


@pytest.mark.usefixtures("no_report")
def test_sigterm_saves_the_state_and_another_process_goes_on_from_it(tmp_path, capsys):
    """As when a scheduler takes the machine away: the folder may be shared with another."""
    command = ["compare", "digits", "--recipes", "drs", "--seeds", "1", "--epochs", "20"]
    command += ["--out", str(tmp_path)]
    ours, its = pty.openpty()  # as on a terminal, where the bar moves
    termios.tcsetwinsize(its, (24, 80))
    process = subprocess.Popen([sys.executable, "-m", "imbtorch", *command], stderr=its)
    os.close(its)
    said = ""
    while not re.search(r"([2-9]|1\d)/20", said) and process.poll() is None:
        said += os.read(ours, 1).decode(errors="replace")
    process.terminate()
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while more := os.read(ours, 1000):
            said += more.decode(errors="replace")
    process.wait(60)
    assert process.returncode == 143
    assert said.strip().endswith("imbtorch: interrupted; run the same command again to resume")
    (state,) = (tmp_path / "snapshots").glob("*.state")
    done = int(state.stem.rpartition("-")[2])
    assert main(command) == 0
    assert "20/20" in capsys.readouterr().err
    assert done >= 1
    assert [row["epoch"] for row in results(tmp_path)[0]["history"]] == [*range(1, 21)]
    assert not (tmp_path / "snapshots").exists()
    assert len(results(tmp_path)) == 1


def test_a_stopped_training_goes_on_too(feature_file, tmp_path, capsys, monkeypatch):
    def trained(out, stop_at=None):
        record, epochs = Run.record, []

        def stopping(self, *args, **kwargs):
            record(self, *args, **kwargs)
            epochs.append(self.epoch)
            if self.epoch == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)

        command = ["train", str(feature_file), "--recipe", "drs", "--epochs", "8"]
        with monkeypatch.context() as patched:
            patched.setattr(Run, "record", stopping)
            status = main([*command, "--out", str(out)])
        return status, epochs

    before = signal.getsignal(signal.SIGTERM)
    assert trained(tmp_path / "a.safetensors", 4) == (143, [1, 2, 3, 4])
    assert "run the same command again to resume" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before
    assert trained(tmp_path / "a.safetensors") == (0, [4, 5, 6, 7, 8])
    assert trained(tmp_path / "b.safetensors") == (0, [1, 2, 3, 4, 5, 6, 7, 8])
    assert not list(tmp_path.glob("*.snapshots"))
    first, second = (load_checkpoint(tmp_path / f"{name}.safetensors")[0] for name in "ab")
    assert all(map(torch.equal, first.parameters(), second.parameters()))
