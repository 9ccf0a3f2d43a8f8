"""Trackers: each epoch of each run goes to a logger of Fabric or Lightning, once."""

import csv
import sys
from types import ModuleType, SimpleNamespace

import pytest
from tqdm import tqdm

from imbtorch import InputError, make_recipe
from imbtorch.cli import main
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.tracking import Tracking
from imbtorch.extras import MissingExtra


@pytest.fixture(scope="module")
def task(made_features):
    return make_task(str(made_features), epochs=3)


def grid(task, folder, kind, names=("erm", "drw"), seeds=(0, 1)):
    tracking = Tracking(kind, folder) if kind else None
    recipes = [make_recipe(name, task.epochs) for name in names]
    return run_grid(task, recipes, seeds, folder, tqdm(disable=True), tracking=tracking).rows


def read(folder, run):
    with (folder / "logs" / run / "metrics.csv").open() as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


def test_every_epoch_and_the_outcome_stand_in_the_log_of_a_run(task, tmp_path):
    rows = grid(task, tmp_path, "csv")
    assert {p.name for p in (tmp_path / "logs").iterdir()} == {
        *("erm-seed0", "erm-seed1", "drw-seed0", "drw-seed1")
    }
    logged = read(tmp_path, "drw-seed1")
    history = rows[3]["history"]
    assert [row["loss"] for row in logged if "loss" in row] == [row["loss"] for row in history]
    assert {row["step"] for row in logged} == {1, 2, 3}
    last = {name: value for row in logged for name, value in row.items()}
    assert last["test/balanced_accuracy"] == rows[3]["metrics"]["balanced_accuracy"]


def test_stored_runs_are_logged_when_a_tracker_is_asked_for_later_and_only_once(task, tmp_path):
    rows = grid(task, tmp_path, None, ["erm"], [0])
    grid(task, tmp_path, "csv", ["erm"], [0])
    logged = read(tmp_path, "erm-seed0")
    assert [row["loss"] for row in logged if "loss" in row] == [
        row["loss"] for row in rows[0]["history"]
    ]
    path = tmp_path / "logs" / "erm-seed0" / "metrics.csv"
    before = path.stat().st_mtime_ns
    grid(task, tmp_path, "csv", ["erm"], [0])
    assert path.stat().st_mtime_ns == before


def test_an_interrupted_run_is_logged_anew(tmp_path):
    def begin():
        with Tracking("csv", tmp_path).run("erm", 0) as track:
            track({"epoch": 1, "loss": 1.0})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert not (tmp_path / "logs" / "erm-seed0" / ".csv").exists()
    with Tracking("csv", tmp_path).run("erm", 0) as track:
        for epoch in (1, 2):
            track({"epoch": epoch, "phase": "train", "loss": 0.5, "batch": {"moved": 3, "k": [1]}})
    assert [row["step"] for row in read(tmp_path, "erm-seed0")] == [1, 2]
    assert read(tmp_path, "erm-seed0")[0] == {"loss": 0.5, "batch/moved": 3.0, "step": 1.0}


def test_tensorboard_reads_the_curves(task, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows = grid(task, tmp_path, "tensorboard", ["erm"], [0])
    events = EventAccumulator(str(tmp_path / "logs" / "erm-seed0")).Reload()
    assert {"loss", "lr", "test/balanced_accuracy"} <= {*events.Tags()["scalars"]}
    values = [event.value for event in events.Scalars("loss")]
    assert values == pytest.approx([row["loss"] for row in rows[0]["history"]])


@pytest.mark.parametrize("kind", ["wandb", "mlflow"])
def test_other_trackers_get_the_name_of_the_run_and_end_it(kind, tmp_path, monkeypatch):
    pytest.importorskip("pytorch_lightning")
    seen = {}

    class Logger:
        def __init__(self, **options):
            seen.update(options)
            self.experiment = SimpleNamespace(finish=lambda: seen.update(finished=True))

        def log_metrics(self, metrics, step=None):
            seen[step] = metrics

        def finalize(self, status):
            seen["status"] = status

    name = "WandbLogger" if kind == "wandb" else "MLFlowLogger"
    monkeypatch.setitem(sys.modules, kind, ModuleType(kind))
    monkeypatch.setattr(f"pytorch_lightning.loggers.{name}", Logger)
    folder = tmp_path / "defects"
    with Tracking(kind, folder).run("eos:k=5", 1) as track:
        track({"epoch": 2, "loss": 0.5, "phase": "train"})
    run = seen.pop("name", None) or seen.pop("run_name")
    assert run == "eos,k=5-seed1"
    assert (seen.pop("project", None) or seen.pop("experiment_name")) == "defects"
    where = seen.pop("save_dir", None) or seen.pop("tracking_uri")
    assert where.endswith(str(folder / "logs" / ("mlflow.db" if kind == "mlflow" else run)))
    assert seen == {
        2: {"loss": 0.5},
        "status": "success",
        "finished": True,
    }


def test_an_unknown_or_missing_tracker_is_said_before_the_data_are_opened(monkeypatch, capsys):
    for command in ("compare", "train"):
        assert main([command, "no-such-data", "--log", "tensorbord"]) == 2
        assert "log is 'tensorbord'; did you mean tensorboard?" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert main(["compare", "no-such-data", "--log", "wandb"]) == 2
    assert "pip install 'imbalanced-torch[wandb]'" in capsys.readouterr().err
    with pytest.raises(MissingExtra):
        Tracking("wandb", None)
    with pytest.raises(InputError, match="known are csv, tensorboard, wandb, mlflow"):
        Tracking("paper", None)


def test_train_logs_beside_the_checkpoint(feature_file, tmp_path, capsys):
    for name, epochs in (("m", 2), ("other", 1)):
        out = ["--out", str(tmp_path / f"{name}.safetensors"), "--log", "csv"]
        how = ["--recipe", "erm", "--epochs", str(epochs)]
        assert main(["train", str(feature_file), *how, *out]) == 0
    for name, steps in (("m", [1, 2]), ("other", [1])):
        assert [row["step"] for row in read(tmp_path, f"{name}-erm-seed0")] == steps
