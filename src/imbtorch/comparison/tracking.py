"""Trackers: each epoch of a run goes to a CSV file, TensorBoard, Weights & Biases or MLflow.

Fabric's and Lightning's loggers do the work. What they are given stands in ``results.jsonl`` too.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from imbtorch.comparison.kept import file_name
from imbtorch.errors import unknown_name
from imbtorch.extras import extra

WRITTEN = {
    "csv": "metrics.csv",
    "tensorboard": "events.*",
    "wandb": "wandb",
    "mlflow": "*",
}
"""Tracker -> what it leaves in the folder of a run."""


class Logger(Protocol):
    """What is used of a logger of Fabric or Lightning."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Take the figures of an epoch."""

    def finalize(self, status: str) -> None:
        """Write what is still in memory."""


def check_tracker(kind: str) -> None:
    """Raise an InputError for an unknown tracker, or if its packages are not installed."""
    if kind not in WRITTEN:
        raise unknown_name("log", kind, WRITTEN)
    _logger_class(kind)


class Tracking:
    """The trackers of an experiment, one for each run.

    Parameters
    ----------
    kind : str
        csv, tensorboard, wandb or mlflow.
    folder : Path
        Of the experiment. Each run has a folder in its ``logs``, named by recipe and seed; W&B and
        MLflow go where their own settings say, and call the experiment by the folder's name.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Tracking("csv", folder).run("erm", 0) as track:
    ...     track({"epoch": 1, "phase": "train", "loss": 0.5})
    >>> print((folder / "logs" / "erm-seed0" / "metrics.csv").read_text().split())
    ['loss,step', '0.5,1']
    """

    def __init__(self, kind: str, folder: Path) -> None:
        check_tracker(kind)
        self.kind, self.folder = kind, folder

    @contextmanager
    def run(self, recipe: str, seed: int) -> Iterator["RunLog"]:
        """Track a run: in the block, call what is yielded with each row of its history."""
        folder = self._folder(recipe, seed)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was interrupted
        folder.mkdir(parents=True)
        log = RunLog(self._logger(folder))
        status = "failed"
        try:
            yield log
            status = "success"
        finally:
            log.close(status)

    def stored(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Track the stored runs that this tracker has not seen."""
        for row in rows:
            recipe, seed = row["recipe"]["name"], row["seed"]
            if not any(self._folder(recipe, seed).glob(WRITTEN[self.kind])):
                with self.run(recipe, seed) as log:
                    for epoch in row["history"]:
                        log(epoch)
                    log.outcome(row["metrics"])

    def _folder(self, recipe: str, seed: int) -> Path:
        return self.folder / "logs" / f"{file_name(recipe)}-seed{seed}"

    def _logger(self, folder: Path) -> Logger:
        make: Any = _logger_class(self.kind)
        project = self.folder.absolute().name
        if self.kind == "wandb":
            made = make(name=folder.name, project=project, save_dir=str(folder))
        elif self.kind == "mlflow":
            made = make(experiment_name=project, run_name=folder.name, save_dir=str(folder))
        else:
            made = make(str(folder.parent), name="", version=folder.name)
        return made  # type: ignore[no-any-return]


class RunLog:
    """Takes the rows of a run's history as they come."""

    def __init__(self, logger: Logger) -> None:
        self.logger, self.epoch = logger, 0

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Track an epoch."""
        self.epoch = row["epoch"]
        numbers = {name: value for name, value in _numbers(row).items() if name != "epoch"}
        self.logger.log_metrics(numbers, self.epoch)

    def outcome(self, metrics: Mapping[str, Any]) -> None:
        """Track the metrics of the last epoch on the held-out samples."""
        self.logger.log_metrics(_numbers({"test": metrics}), self.epoch)

    def close(self, status: str) -> None:
        """Write what is still in memory, and end the run."""
        self.logger.finalize(status)
        finish = getattr(getattr(self.logger, "experiment", None), "finish", None)
        if finish is not None:  # W&B has one run at a time
            finish()


def _numbers(values: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Return the single numbers among values, also in inner mappings: name/inner -> number."""
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _numbers(value, f"{before}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[before + name] = float(value)
    return found


def _logger_class(kind: str) -> type:
    """Import a logger; a missing package is an error that names the extra."""
    if kind in ("csv", "tensorboard"):
        from lightning_fabric.loggers.csv_logs import CSVLogger
        from lightning_fabric.loggers.tensorboard import TensorBoardLogger

        if kind == "csv":
            return CSVLogger
        with extra("tensorboard", "--log tensorboard"):
            import tensorboard  # noqa: F401
        return TensorBoardLogger
    with extra(kind, f"--log {kind}"):
        if kind == "wandb":
            import wandb  # noqa: F401
            from pytorch_lightning.loggers import WandbLogger

            return WandbLogger
        import mlflow  # noqa: F401
        from pytorch_lightning.loggers import MLFlowLogger

        return MLFlowLogger
