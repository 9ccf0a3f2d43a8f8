"""Inspect a data set: count, compare and read its samples, and say what matters in training."""

import hashlib
import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np

from imbtorch.comparison.auto import SMOTE_NEEDS, fitting_recipes
from imbtorch.data.inputs import FeatureInput, ImageInput, Input, TextInput, decode_image
from imbtorch.data.labels import class_names
from imbtorch.data.load import splits_of
from imbtorch.data.rows import Split
from imbtorch.data.sources import open_source
from imbtorch.errors import InputError
from imbtorch.printable import printable

BETA = 0.9999
"""Beta of the effective number of samples, as in `effective_number_weights`."""
FEW_TESTED = 30
"""Number of held-out samples below which the recall of a class is imprecise."""


@dataclass(frozen=True)
class Inspection:
    """What `inspect_data` found.

    Attributes
    ----------
    name : str
        The DATA argument.
    asked : str
        The DATA argument with its options, as on the command line.
    kind : str
        What the samples are, in words.
    classes : list of str
        K class names.
    train, test : list of int
        Samples of each class in both splits, K numbers each.
    unreadable : list of str
        Images that cannot be decoded.
    repeated : int
        Training samples that repeat an earlier one, byte for byte.
    contradicting : int
        Distinct training samples, byte for byte, that occur with several labels.
    leaked : int
        Held-out samples that are also in the training set.
    notes : list of str
        What matters, for the user to read.
    recipes : list of str
        Recipes that suit the data.
    """

    name: str
    asked: str
    kind: str
    classes: list[str]
    train: list[int]
    test: list[int]
    unreadable: list[str]
    repeated: int
    contradicting: int
    leaked: int
    notes: list[str]
    recipes: list[str]

    @property
    def ratio(self) -> float:
        """Imbalance ratio rho = max n_k / min n_k of the training set; infinite if one is empty."""
        return max(self.train) / min(self.train) if min(self.train) else float("inf")


def inspect_data(
    data: str, *, label: str | None = None, image_size: int | None = None, data_seed: int = 0
) -> Inspection:
    """Count, compare and read every sample of DATA as it is stored.

    Parameters
    ----------
    data : str
        As for `load_data`.
    label : str, optional
        Label column.
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
    source = open_source(data, label, image_size)
    train, test = splits_of(source, data_seed)
    names = source.label_names
    values = np.union1d(train.labels, test.labels)
    if len(values) < 2:
        raise InputError(f"DATA holds only one class ({values[0]!s}); at least 2 are needed")
    counts = [[int((split.labels == v).sum()) for v in values] for split in (train, test)]
    unreadable: list[str] = []
    train_digests, test_digests = (_digests(split, unreadable) for split in (train, test))
    if not train_digests:
        raise InputError(f"DATA is {data!r}; none of its training samples can be read")
    targets: dict[str, set[Any]] = {}
    for row, digest in train_digests.items():
        targets.setdefault(digest, set()).add(train.labels[row])
    spec = source.fit_input(train.rows.take(np.array([*train_digests])))
    options = (("label", label), ("image-size", image_size), ("data-seed", data_seed))
    found = Inspection(
        name=data,
        asked=shlex.quote(data) + "".join(f" --{k} {shlex.quote(str(v))}" for k, v in options if v),
        kind=_kind(spec),
        classes=class_names(values, names),
        train=counts[0],
        test=counts[1],
        unreadable=unreadable,
        repeated=len(train_digests) - len(targets),
        contradicting=sum(len(labels) > 1 for labels in targets.values()),
        leaked=sum(digest in targets for digest in test_digests.values()),
        notes=[*source.notes],
        recipes=fitting_recipes(spec, counts[0]) if min(counts[0]) else [],
    )
    if source.test is None:
        found.notes.append("no held-out split is stored: a quarter of each class is held out")
    found.notes.extend(what_matters(found))
    return found


def what_matters(found: Inspection) -> list[str]:
    """Return the findings that will matter in training and evaluation, one sentence each."""
    said = []
    for absent, where in ((found.train, "training"), (found.test, "held-out")):
        missing = [name for name, n in zip(found.classes, absent, strict=True) if not n]
        if missing:
            said.append(f"without a {where} sample: {_some(missing)}; add some, or drop the class")
    if found.unreadable:
        said.append(
            f"{len(found.unreadable)} samples cannot be read: {_some(found.unreadable)}; remove "
            "or repair them"
        )
    if found.leaked:
        said.append(
            f"{found.leaked} held-out samples are also in the training set: remove them, or the "
            "results look better than they are"
        )
    if found.contradicting:
        said.append(f"{found.contradicting} training samples occur with several labels")
    if found.repeated:
        said.append(
            f"{found.repeated} training samples repeat earlier ones: a rare class may have fewer "
            "different samples than its count"
        )
    coarse = [
        f"{name} ({n})"
        for name, n in zip(found.classes, found.test, strict=True)
        if 0 < n < FEW_TESTED
    ]
    if coarse:
        said.append(f"few held-out samples, so their recall is imprecise: {_some(coarse)}")
    if min(found.train) and found.ratio < 1.5:
        said.append("hardly imbalanced: plain training (erm) is the recipe to beat")
    if 0 < min(found.train) < SMOTE_NEEDS:
        said.append(
            f"the smallest class has fewer than {SMOTE_NEEDS} training samples: too few for SMOTE"
        )
    return said


def lines(found: Inspection) -> list[str]:
    """Return an inspection as text, line by line."""
    total = sum(found.train)
    names = [printable(name) for name in found.classes]
    width = max(5, *map(len, names))
    table = [
        f"  {'class':{width}} {'training':>9} {'share, %':>9} {'effective':>10} {'held out':>9}"
    ]
    order = np.argsort(-np.array(found.train), kind="stable")
    for k in order:
        n = found.train[k]
        effective = (1 - BETA**n) / (1 - BETA)
        table.append(
            f"  {names[k]:{width}} {n:9} {100 * n / total:9.2f} {effective:10.1f} {found.test[k]:9}"
        )
    out = [
        f"{found.name}: {total} training and {sum(found.test)} held-out samples of "
        f"{len(found.classes)} classes, {found.kind}",
        f"imbalance ratio (largest / smallest class): {found.ratio:.1f}",
        *table,
        *(f"- {note}" for note in found.notes),
    ]
    if found.recipes:
        out.append(f"recipes that fit: {', '.join(found.recipes)}")
        out.append(f"next: imbtorch compare {found.asked} --recipes auto")
    return [printable(line) for line in out]


def _digests(split: Split, unreadable: list[str]) -> dict[int, str]:
    """Hash every readable row, row -> digest, and add the others to `unreadable`."""
    digests = {}
    for i in range(len(split.rows)):
        row = split.rows[i]
        try:
            content = _content(row, i)
        except InputError as error:
            unreadable.append(str(error).removeprefix("DATA holds an unreadable image: "))
        else:
            digests[i] = hashlib.sha256(content).hexdigest()
    return digests


def _content(row: Any, index: int) -> bytes:
    """Return what a stored row holds, as bytes; an image as its pixels."""
    if isinstance(row, dict) or (isinstance(row, np.ndarray) and row.dtype == np.uint8):
        image = decode_image(row, index)
        pixels: bytes = image.tobytes()
        return f"{image.mode}{image.size}".encode() + pixels
    if isinstance(row, np.ndarray) and row.dtype.kind == "f" and not np.isfinite(row).all():
        raise InputError(f"row {index} (NaN or infinite)")
    content: bytes = row.tobytes() if isinstance(row, np.ndarray) else repr(row).encode()
    return content


def _kind(spec: Input) -> str:
    """Return what the samples are, in words."""
    if isinstance(spec, ImageInput):
        color = "grey" if spec.channels == 1 else "color"
        return f"{color} images of {spec.size[0]} x {spec.size[1]} pixels"
    if isinstance(spec, FeatureInput):
        return f"{np.prod(spec.shape)} numbers each"
    return "texts" if isinstance(spec, TextInput) else "windows of words"


def _some(values: list[str]) -> str:
    return ", ".join(values[:8]) + (", ..." if len(values) > 8 else "")
