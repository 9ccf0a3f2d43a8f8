"""Inspect a data set: count, compare and read its samples as they are stored."""

import hashlib
import shlex
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from imbtorch.comparison.auto import fitting_recipes
from imbtorch.comparison.inspection import Inspection, what_matters
from imbtorch.data.hold_out import splits_of
from imbtorch.data.images.decode import decode_image
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import FeatureInput, Input
from imbtorch.data.labels import check_several, class_names
from imbtorch.data.rows import Split, why_left_out
from imbtorch.data.sources import name_of, open_source
from imbtorch.data.splits import Reading
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.text_input import TextInput
from imbtorch.errors import InputError

PHOTOGRAPH, FEW_IMAGES = 48, 20_000
"""Pixels of a side from which images have detail that fewer images than these do not teach."""


def inspect_data(
    data: str | PathLike[str],
    *,
    label: str | None = None,
    columns: str | Sequence[str] | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    image_size: int | None = None,
    data_seed: int = 0,
) -> Inspection:
    """Count, compare and read every sample of DATA as it is stored.

    Parameters
    ----------
    data : str or path
        As for `load_data`.
    label, columns, train_split, test_split : optional
        As for `load_data`.
    image_size : int, optional
        Height and width in pixels to which images would be resized.
    data_seed : int, default=0
        Decides which samples are held out if no held-out split is stored.

    Returns
    -------
    Inspection

    Raises
    ------
    InputError
        If no data are found, or they have no label column or only one class.

    Examples
    --------
    >>> found = inspect_data("digits")
    >>> found.kind, len(found.classes), found.repeated
    ('grey images of 8 x 8 pixels', 10, 0)
    """
    data = name_of(data)
    reading = Reading.of(
        columns, label=label, train_split=train_split, test_split=test_split, image_size=image_size
    )
    options = {
        "label": label,
        "columns": ",".join(reading.columns),
        "train_split": train_split,
        "test_split": test_split,
        "image_size": image_size,
    }
    source = open_source(data, reading)
    train, test = splits_of(source, data_seed)
    names = source.label_names
    values = np.union1d(train.labels, test.labels)
    check_several(values, names)
    counts = [
        np.bincount(np.searchsorted(values, split.labels), minlength=len(values)).tolist()
        for split in (train, test)
    ]
    unreadable: list[str] = []
    train_digests = _digests(train, unreadable)
    if not train_digests:
        raise InputError(
            f"DATA is {data!r}; none of its training samples can be read: repair the files, or "
            "name other --columns"
        )
    targets: dict[str, set[Any]] = {}
    for row, digest in train_digests.items():
        targets.setdefault(digest, set()).add(train.labels[row])
    readable = train.rows.take(np.array([*train_digests]))
    spec = source.fit_input(readable)
    test_digests = _digests(test, unreadable, spec)
    asked = [
        (name.replace("_", "-"), str(value))
        for name, value in {**options, "data_seed": data_seed}.items()
        if value
    ]
    found = Inspection(
        name=data,
        asked=" ".join([shlex.quote(data), *(f"--{k} {shlex.quote(v)}" for k, v in asked)]),
        kind=_kind(spec),
        classes=class_names(values, names),
        train=counts[0],
        test=counts[1],
        unreadable=unreadable,
        repeated=len(train_digests) - len(targets),
        contradicting=sum(len(labels) > 1 for labels in targets.values()),
        leaked=sum(digest in targets for digest in test_digests.values()),
        left_out=source.left_out,
        notes=[*source.notes],
        recipes=fitting_recipes(spec, counts[0]) if min(counts[0]) else [],
    )
    if isinstance(spec, FeatureInput):
        spec.check(test.rows.values)
        for name, split in (("training", train), ("held-out", test)):
            if gaps := spec.gaps(split.rows.values):
                found.notes.append(f"{name} samples lack values in {', '.join(gaps[:8])}")
    if isinstance(spec, TableInput):
        held = test.rows.take(np.array([*test_digests], int)).values
        spec.transform(held)  # raises where a column holds something else than in training
        found.notes.extend([*spec.notes(readable.values), *spec.unseen(held)])
    if isinstance(spec, ImageInput):
        found.notes.extend(readable.survey.notes(spec))
        seen = test.rows.take(np.array([*test_digests], int))
        if test_digests and seen.survey.modes.keys() != readable.survey.modes.keys():
            found.notes.append(f"held-out {seen.survey.notes(spec)[0]}")
        if min(spec.size) >= PHOTOGRAPH and sum(found.train) < FEW_IMAGES:
            found.notes.append(
                "few images to train a network on from random weights: a pretrained one, with "
                "compare ... --model timm:resnet18 --freeze backbone, takes minutes"
            )
    if source.left_out:
        number = sum(source.left_out.values())
        found.notes.append(f"{number} samples left out{why_left_out(source.left_out)}")
    if source.test is None and source.train.by is None:  # a note says by which column
        together = ", as far as copies stay together" if found.repeated else ""
        found.notes.append(
            f"no held-out split is stored: a quarter of each class is held out{together}"
        )
    found.notes.extend(what_matters(found))
    return found


def _digests(split: Split, unreadable: list[str], spec: Input | None = None) -> dict[int, str]:
    """Hash every readable row, row -> digest, and add the others to `unreadable`.

    With `spec`, an image that it cannot bring to its scale is unreadable, too.
    """
    digests = {}
    for i in range(len(split.rows)):
        row = split.rows[i]
        try:
            content = _content(row, i, spec)
        except InputError as error:
            unreadable.append(str(error).removeprefix("DATA holds an unreadable image: "))
        else:
            digests[i] = hashlib.sha256(content).hexdigest()
    return digests


def _content(row: Any, index: int, spec: Input | None) -> bytes:
    """Return what a stored row holds, as bytes; an image as its pixels."""
    if isinstance(row, dict) or (isinstance(row, np.ndarray) and row.dtype == np.uint8):
        image = decode_image(row, index)
        if isinstance(spec, ImageInput):
            spec.in_8_bits(image, row, index)
        pixels: bytes = image.tobytes()
        return f"{image.mode}{image.size}".encode() + pixels
    if isinstance(row, np.ndarray) and row.dtype.kind == "f" and not _is_finite(row):
        raise InputError(f"row {index} (NaN or infinite)")
    if isinstance(row, np.void):  # of a table
        values = row.item()
        if any(isinstance(value, float) and np.isinf(value) for value in values):
            raise InputError(f"row {index} (infinite)")
        # of whole numbers, an empty cell in another file makes floats
        same = [float(v) if isinstance(v, int) and abs(v) < 2**53 else v for v in values]
        return repr(same).encode()
    content: bytes = row.tobytes() if isinstance(row, np.ndarray) else repr(row).encode()
    return content


def _is_finite(row: np.ndarray) -> bool:
    with np.errstate(over="ignore"):  # beyond float32, in which networks take it
        return bool(np.isfinite(row.astype(np.float32)).all())


def _kind(spec: Input) -> str:
    """Return what the samples are, in words."""
    if isinstance(spec, ImageInput):
        color = "grey" if spec.channels == 1 else "color"
        return f"{color} images of {spec.size[0]} x {spec.size[1]} pixels"
    if isinstance(spec, FeatureInput):
        return f"{np.prod(spec.shape)} numbers each"
    if isinstance(spec, TableInput):
        return f"rows of {len(spec.columns)} columns ({spec.width} numbers)"
    return "texts" if isinstance(spec, TextInput) else "windows of words"
