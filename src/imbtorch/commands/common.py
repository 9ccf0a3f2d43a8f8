"""Helpers that several commands share: printing, common options, output paths."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imbtorch.errors import InputError
from imbtorch.printable import printable

if TYPE_CHECKING:
    from imbtorch.models.classifier import Classifier
    from imbtorch.training.header import TrainedHeader

SOME_FAILED = 1
"""Exit status of a command of which some runs failed; where all did, it is 2."""


def say(lines: Iterable[str]) -> None:
    """Print each text on a line of its own, and flush after it."""
    for line in lines:
        print(printable(line), flush=True)


def add_checkpoint(parser: Any) -> None:
    """Add the first argument of a command that takes a trained network."""
    parser.add_argument(
        "checkpoint",
        type=str,
        metavar="CHECKPOINT",
        help="file that train, compare or decide wrote",
    )


def add_reading_options(parser: Any) -> None:
    """Add the options that say what is what in DATA, for a network that is already trained."""
    group = parser.add_argument_group("data")
    group.add_argument("--label", type=str | None, help="label column")
    group.add_argument("--train_split", type=str | None, help="name of the training split")
    group.add_argument("--test_split", type=str | None, help="name of the split to measure")


def add_log_option(parser: Any) -> None:
    """Add the option that tracks each epoch."""
    parser.add_argument(
        "--log",
        type=str | None,
        help="write each epoch to a tracker, too: csv, tensorboard, wandb or mlflow; the folder "
        "logs beside the results has one run a recipe and seed, of train one a checkpoint",
    )


def file_to_write(out: str, *given: str | None, option: str = "--out") -> Path:
    """Return the path of the file to write; that it cannot be written is said before the work.

    It is none of the files `given`, which are read, and lies in none of the folders.
    """
    from imbtorch.comparison.out_folder import check_apart

    path = Path(out)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not path.name or path.is_dir() or out.endswith(("/", os.sep)):
        raise InputError(f"out is {out!r}, a folder; the name of a file is needed")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(
            f"out is {out!r}; {str(folder)!r} is no folder that can be written to: choose another"
        )
    check_apart(path, *given, option=option)
    return path


def npz_path(out: str, *given: str | None) -> Path:
    """Return the path OUT of the ``.npz`` to write, none of the files `given`."""
    if Path(out).suffix != ".npz":
        raise InputError(f"out is {out!r}; a file name that ends in .npz is needed")
    return file_to_write(out, *given, option="OUT")


def add_own_model_option(parser: Any) -> None:
    """Add the option that names the file of a network of one's own, to be made again."""
    parser.add_argument(
        "--model",
        type=str | None,
        help="path/to/module.py:factory, if the network came from there: its code is run",
    )


def load_trained(checkpoint: str, model: str | None = None) -> "tuple[Classifier, TrainedHeader]":
    """Load a checkpoint that says what inputs its network takes and what it was trained on.

    `model` is the ``path/to/module.py:factory`` of a network of the user's own.
    """
    from imbtorch.training.checkpoint import damaged_header, load_checkpoint
    from imbtorch.training.header import trained_header

    network, header = load_checkpoint(checkpoint, model)
    if "input" not in header:
        raise InputError(
            f"checkpoint {checkpoint!r} does not say what inputs it takes: give one that the "
            "command train or compare wrote"
        )
    for name, value in network.state_dict().items():
        if not bool(value.isfinite().all()):
            raise InputError(
                f"checkpoint {checkpoint!r} holds NaN or infinite values in {name}: train again, "
                "with a lower --lr"
            )
    with damaged_header(checkpoint):
        return network, trained_header(header)
