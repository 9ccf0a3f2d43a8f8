"""What tells the data of a task from others, as JSON-ready values."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from imbtorch.data.load import LoadedData


def data_identity(data: LoadedData, data_seed: int) -> dict[str, Any]:
    """Return what distinguishes data from others, wherever they are stored.

    It is the same for all folds: counts and profile are those beside the first one.
    """
    fold = data.fold
    profile = data.profile if fold is None else fold.profile
    return {
        "name": Path(data.name).absolute().name,
        "profile": profile.to_json(),
        "parts": list(data.parts),
        "hash": data.digest if fold is None else fold.digest,
        "data_seed": data_seed,
        "classes": list(data.classes),
        "counts": data.counts if fold is None else list(fold.counts),
        **({} if data.test_split is None else {"test_split": data.test_split}),
    }


def data_header(data: LoadedData, data_seed: int) -> dict[str, Any]:
    """Return what a checkpoint says of the data that its network was trained on.

    Of a fold, all are its own, and ``fold`` is the training seed that it belongs to.
    """
    said = data_identity(replace(data, fold=None), data_seed)
    if data.label is not None:
        said |= {"label": data.label}
    return said if data.fold is None else said | {"folds": data.fold.folds, "fold": data.fold.seed}
