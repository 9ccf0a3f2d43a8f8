"""Read the arrays of an ``.npz``: images or numbers, with their labels."""

from pathlib import Path

import numpy as np

from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import FeatureInput, Input
from imbtorch.data.labels import HIDDEN, read_labels
from imbtorch.data.rows import Rows, Source, Split
from imbtorch.data.splits import role_of
from imbtorch.errors import InputError
from imbtorch.npz import read_npz


def read_arrays(path: Path, image_size: int | None = None) -> Source:
    """Return the arrays of an ``.npz`` as a source.

    Parameters
    ----------
    path : Path
        Holds ``features`` (N, ...) and ``labels`` (N,), or ``train_features``, ``train_labels``
        and, if a held-out split is stored, ``test_features`` and ``test_labels``. Bytes (uint8)
        of shape (N, H, W), (N, H, W, C) or (N, C, H, W) are images.
    image_size : int, optional
        Height and width in pixels to which images are resized.

    Raises
    ------
    InputError
        If an array is missing or of a form that cannot be read.
    """
    arrays = read_npz(path, "DATA")
    notes: list[str] = []
    left_out: dict[str, int] = {}

    def split(prefix: str) -> Split | None:
        x, y = arrays.get(f"{prefix}features"), arrays.get(f"{prefix}labels")
        if x is None or y is None:
            return None
        if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
            shapes = f"{prefix}features has shape {x.shape}, {prefix}labels {y.shape}"
            raise InputError(f"{path}: {shapes}; both need N rows")
        if x.ndim == 1 or x.size == 0 < len(x):
            raise InputError(
                f"{path}: {prefix}features has shape {x.shape}; (N, D) with at least one column is "
                "needed"
            )
        if len(x) == 0:
            raise InputError(f"{path}: {prefix}features holds no rows")
        found = read_labels(y, where=f"{path}: {prefix}labels")
        notes.extend(found.notes)
        if unknown := int((~found.known).sum()):
            left_out[f"{prefix}labels missing"] = unknown
        known = np.flatnonzero(found.known)
        return Split(Rows(as_images(x) if are_images(x) else x), found.values).take(known)

    found = [name for name in arrays if name.endswith("features") and arrays[name].ndim]
    stored = [name[: -len("features")] for name in found]
    if "" in stored and "train_" in stored:
        raise InputError(f"{path} holds features and train_features; leave one of them out")
    train = split("train_") or split("")
    if train is None:
        raise InputError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'}; features and labels (or "
            "train_features, train_labels, test_features, test_labels) are needed"
        )
    test, used = None, ["", "train_"]
    for prefix in sorted(stored, key=lambda name: role_of(name) != "test"):
        if test is None and role_of(prefix) in ("test", "validation"):
            test = split(prefix)
            if test is None or _is_hidden(test, train):
                notes.append(f"{prefix}labels are hidden or missing")
                test = None
                continue
            used.append(prefix)
    left_out |= {
        f"{prefix}features": len(arrays[f"{prefix}features"])
        for prefix in stored
        if prefix not in used
    }
    if test and are_images(test.rows.values) != are_images(train.rows.values):
        raise InputError(
            f"{path}: features of type {train.rows.values.dtype} to train on and "
            f"{test.rows.values.dtype} to test on; both must be images of bytes, or neither"
        )
    images = are_images(train.rows.values)

    def fit_input(rows: Rows) -> Input:
        if images:
            return ImageInput.fit(rows.survey, image_size)
        return FeatureInput.fit(rows.values)

    kind = "image" if images else "features"
    return Source(train, test, kind, fit_input, None, notes, left_out)


def _is_hidden(test: Split, train: Split) -> bool:
    return set(test.labels.tolist()) <= {HIDDEN} and HIDDEN not in train.labels


def are_images(x: np.ndarray) -> bool:
    """Whether an array holds images: bytes of shape (N, H, W) or with channels."""
    return x.dtype == np.uint8 and x.ndim in (3, 4)


def as_images(x: np.ndarray) -> np.ndarray:
    """Return bytes as images (N, H, W), or (N, H, W, C) with 3 or 4 channels."""
    if x.ndim == 3:
        return x
    if x.shape[-1] not in (1, 3, 4):
        if x.shape[1] not in (1, 3, 4):
            raise InputError(
                f"features has shape {x.shape}; images need 1, 3 or 4 channels, as (N, H, W, C) or "
                "(N, C, H, W)"
            )
        x = x.transpose(0, 2, 3, 1)
    return x[..., 0] if x.shape[-1] == 1 else np.ascontiguousarray(x)
