"""Store what the figures of a run need: embeddings with predictions, and translations."""

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.comparison.outputs import Outputs, outputs_of
from imbtorch.comparison.task import Task
from imbtorch.data.fold import Fold
from imbtorch.errors import InputError
from imbtorch.files import set_aside, write_npz
from imbtorch.npz import read_npz
from imbtorch.printable import plural
from imbtorch.training.checkpoint import check_checkpoint
from imbtorch.training.fit import FitResult
from imbtorch.training.recipe import Recipe

EMBEDDED_PER_CLASS = 50
"""Number of test samples per class whose embeddings are kept for the t-SNE figure."""
KINDS = ("embeddings", "examples")
"""The kinds of data kept, in the order in which `write_report` takes them."""
AGAIN = (
    "to train such a network again, remove its line from results.jsonl and run the command again"
)
MOST_PROBABILITIES = 4_000_000
"""Numbers that the stored probabilities of a run have at most."""
LONGEST = 120
"""Bytes of a recipe in a file name; most file systems allow 255 for the whole name."""


def file_name(recipe: str) -> str:
    """Return the name of a recipe in a form that is valid in file names on any system.

    Examples
    --------
    >>> file_name("focal:gamma=2+eos"), len(file_name("+".join(["erm"] * 99)))
    ('focal,gamma=2+eos', 120)
    """
    name = re.sub(r'[:<>"/\\|?*\x00-\x1f]', ",", recipe)
    if len(name.encode()) <= LONGEST:
        return name
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    return f"{name.encode()[: LONGEST - 17].decode(errors='ignore')}-{digest}"


def checkpoint_path(folder: Path, recipe: str, seed: int) -> Path:
    """Return where the trained network of a run is kept."""
    return folder / "checkpoints" / f"{file_name(recipe)}-seed{seed}.safetensors"


def keep_outputs(
    folder: Path, recipe: str, seed: int, outputs: Outputs, fold: Fold | None = None
) -> None:
    """Store what a run's network makes of the held-out samples, in the order of the test set.

    The probabilities of the first seed, or of the first repetition of all folds, are stored too,
    unless there are very many; of a fold, also the row numbers of its samples in the whole data.
    Of a decision, the classes decided for are stored and, if it is for costs, what each costs.
    """
    arrays: dict[str, np.ndarray] = {
        "labels": outputs.labels.cpu().numpy().astype(np.int32),
        "predicted": outputs.predicted.cpu().numpy().astype(np.int32),
    }
    if outputs.decided is not None:
        arrays["decided"] = outputs.decided.classes.astype(np.int32)
        if outputs.decided.costs is not None:
            arrays["costs"] = outputs.decided.costs
    if fold is not None:
        arrays["rows"] = fold.test.astype(np.int64)
    if seed < (fold.folds if fold else 1) and outputs.probabilities.numel() <= MOST_PROBABILITIES:
        arrays["probabilities"] = outputs.probabilities.cpu().numpy().astype(np.float32)
    write_npz(_path(folder, recipe, f"seed{seed}-outputs"), arrays)


def stored_outputs(folder: Path, recipe: str, seed: int) -> dict[str, np.ndarray] | None:
    """Return what `keep_outputs` stored of a run.

    That is labels, predicted, of a fold also rows, of a decision decided and perhaps costs, and
    perhaps probabilities.
    """
    return stored(folder, [recipe], f"seed{seed}-outputs").get(recipe)


def pooled_outputs(
    folder: Path, recipe: str, folds: int, repetition: int = 0
) -> dict[str, np.ndarray] | None:
    """Return what `keep_outputs` stored of all folds of a repetition, in the order of the data.

    None if a fold is missing; without probabilities if some fold has none.
    """
    seeds = range(repetition * folds, (repetition + 1) * folds)
    found = [one for seed in seeds if (one := stored_outputs(folder, recipe, seed)) is not None]
    if len(found) < folds or not all("rows" in one for one in found):
        return None
    order = np.argsort(np.concatenate([one["rows"] for one in found]))
    names = set.intersection(*(set(one) for one in found))
    return {name: np.concatenate([one[name] for one in found])[order] for name in sorted(names)}


def check_checkpoints(task: Task, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set damaged checkpoints of stored runs aside, and warn of them and of missing ones.

    They are not made again: that would mean to train again, perhaps for hours, for a file that
    nobody may need. A row that is removed is trained again, to the same network. A frozen network
    that they share is written again.
    """
    missing = []
    for row in rows:
        path = checkpoint_path(folder, row["recipe"]["name"], row["seed"])
        if not path.is_file():
            missing.append(path.name)
            continue
        try:
            check_checkpoint(path)
        except InputError as error:
            set_aside(path, f"its results stand; {AGAIN}", error)
    if len(missing) < len(rows):
        task.keep_shared(folder / "checkpoints")
    if missing:
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        warnings.warn(
            f"{plural(len(missing), 'checkpoint')} of stored runs missing in "
            f"{str(folder / 'checkpoints')!r} ({shown}): their results stand; {AGAIN}",
            stacklevel=2,
        )


def keep_for_pictures(
    folder: Path,
    recipe: Recipe,
    seed: int,
    fitted: FitResult,
    outputs: Outputs,
    fold: Fold | None = None,
) -> None:
    """Store what the report shows of a run: its outputs and, of the first seed, more.

    That is embeddings of some held-out samples, and M2m's translations.
    """
    keep_outputs(folder, recipe.name, seed, outputs, fold)
    if seed:
        return
    _keep_embeddings(folder, recipe.name, outputs)
    if fitted.examples:
        arrays = {name: values.numpy() for name, values in fitted.examples.items()}
        write_npz(_path(folder, recipe.name, "examples"), arrays)


def _keep_embeddings(folder: Path, recipe: str, outputs: Outputs) -> None:
    y = outputs.labels.cpu().numpy()
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(y == k) for k in range(outputs.probabilities.shape[1])]
    rows = np.concatenate([rng.permutation(c)[:EMBEDDED_PER_CLASS] for c in classes])
    arrays = {
        "features": outputs.features.cpu().numpy()[rows],
        "labels": y[rows],
        "predicted": outputs.predicted.cpu().numpy()[rows],
    }
    write_npz(_path(folder, recipe, "embeddings"), arrays)


def restore_embeddings(task: Task, folder: Path, recipe: str) -> None:
    """Make the embeddings of a recipe's first seed again, from its checkpoint, if they are lost."""
    path, checkpoint = _path(folder, recipe, "embeddings"), checkpoint_path(folder, recipe, 0)
    if path.exists():
        try:
            read_npz(path, "checkpoints")
            return
        except InputError as error:
            set_aside(path, "its figures are made from the checkpoint", error)
    with suppress(InputError):  # without a usable checkpoint, these figures are left out
        _keep_embeddings(folder, recipe, outputs_of(task.restore(checkpoint), task.data.test))


def stored(folder: Path, recipes: Iterable[str], kind: str) -> dict[str, dict[str, np.ndarray]]:
    """Return what was kept of one kind, recipe -> arrays, for the recipes that have it."""
    out = {}
    for name in recipes:
        path = _path(folder, name, kind)
        if path.exists():
            try:
                out[name] = read_npz(path, "checkpoints")
            except InputError as error:
                set_aside(path, "the report is made without it", error)
    return out


def keep_arrays(folder: Path, recipe: str, kind: str, arrays: dict[str, np.ndarray]) -> None:
    """Store arrays of one kind where `stored` finds them."""
    write_npz(_path(folder, recipe, kind), arrays)


def _path(folder: Path, recipe: str, kind: str) -> Path:
    return folder / "checkpoints" / f"{file_name(recipe)}-{kind}.npz"
