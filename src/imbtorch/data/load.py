"""Load a DATA argument as training and test sets that a network can take."""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset, Pairs, class_counts
from imbtorch.data.inputs import ImageInput, Input
from imbtorch.data.labels import encode_labels
from imbtorch.data.profile import Profile
from imbtorch.data.rows import Rows, Source, Split
from imbtorch.data.sources import open_source
from imbtorch.errors import InputError

IN_MEMORY_BYTES = 2 * 2**30
"""Images that need more than this as uint8 are decoded batch by batch instead."""


class Part(StrEnum):
    """A part of the training set (and of the test set) to use instead of the whole."""

    VALIDATION = "validation"
    """Four fifths of the training set to train on, the last fifth to test on."""
    FEW = "few of each class"
    """A few samples of each class of both sets, to check that something runs."""


@dataclass(frozen=True)
class LoadedData:
    """Training and test set, with everything that later steps need to know about them.

    Attributes
    ----------
    name : str
        The DATA argument.
    train, test : Dataset
        Yield (x, y), y in 0..K-1.
    classes : tuple of str
        Names of the K classes.
    input : ImageInput, TextInput, WindowInput or FeatureInput
        How stored rows become tensors.
    profile : Profile
        How imbalanced the training set was made, or already is.
    notes : tuple of str
        Decisions made while loading, for the user to read.
    digest : str
        Hash of all tensors and labels of the whole data: 16 hexadecimal digits.
    parts : tuple of Part
        The parts taken, each from the one before; empty for the whole data.
    """

    name: str
    train: Pairs
    test: Pairs
    classes: tuple[str, ...]
    input: Input
    profile: Profile
    notes: tuple[str, ...]
    digest: str
    parts: tuple[Part, ...] = ()

    @property
    def counts(self) -> list[int]:
        """Training samples of each class."""
        return class_counts(self.train, len(self.classes))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return tuple(self.train[0][0].shape)

    def part(self, part: Part, train: Pairs, test: Pairs) -> "LoadedData":
        """Return the same data with a part of each set in its place."""
        return replace(self, train=train, test=test, parts=(*self.parts, part))


def load_data(
    data: str,
    *,
    profile: str = "auto",
    ratio: float = 100.0,
    data_seed: int = 0,
    label: str | None = None,
    image_size: int | None = None,
) -> LoadedData:
    """Open DATA, make it imbalanced if requested, and convert it to tensors.

    Parameters
    ----------
    data : str
        See `imbtorch.data.sources.open_source`.
    profile : str, default="auto"
        Imbalance to make in the training set: auto, none, exponential, step, step:MU (MU is the
        fraction of minority classes), linear, random:P (four classes lose the fraction P) or
        gaussian:P (all classes together lose the fraction P). auto leaves imbalanced data as it
        is and makes a balanced benchmark (largest class less than twice the smallest, which has
        enough samples for the ratio) exponential.
    ratio : float, default=100
        Imbalance ratio of the profile.
    data_seed : int, default=0
        Decides which samples stay and, if no held-out split is stored, which are held out
        (every fourth, stratified).
    label : str, optional
        Label column.
    image_size : int, optional
        Height and width in pixels to which images are resized.

    Returns
    -------
    LoadedData

    Raises
    ------
    InputError
        If the data cannot be opened, holds only one class, NaN or unreadable images, a class
        has no sample in the training or the test set, or the ratio would leave a class empty.

    Examples
    --------
    >>> data = load_data("digits", ratio=20)
    >>> data.counts
    [131, 93, 67, 48, 34, 24, 17, 12, 9, 6]
    """
    asked = Profile.parse(profile, ratio)
    source = open_source(data, label, image_size)
    train, test = splits_of(source, data_seed)
    labels = encode_labels(train.labels, test.labels, source.label_names)
    classes, train_y, test_y = labels.classes, labels.train, labels.test
    made = asked.settled(np.bincount(train_y))
    keep = made.rows(train_y, len(classes), data_seed)
    train, train_y = train.take(keep), train_y[keep]
    made = made.measured(np.bincount(train_y))
    spec = source.fit_input(train.rows)
    train_set = dataset_of(train.rows, train_y, spec, classes)
    test_set = dataset_of(test.rows, test_y, spec, classes)
    digest = digest_of(train_set, test_set)
    notes = (*source.notes, *labels.notes)
    return LoadedData(data, train_set, test_set, classes, spec, made, notes, digest)


def splits_of(source: Source, data_seed: int) -> tuple[Split, Split]:
    """Return the training and the held-out split of a source; see `hold_out` if none is stored."""
    return (source.train, source.test) if source.test else hold_out(source.train, data_seed)


def hold_out(split: Split, data_seed: int) -> tuple[Split, Split]:
    """Hold out a quarter of a split, stratified: return (train, test)."""
    values, counts = np.unique(split.labels, return_counts=True)
    if len(values) > 1 and counts.min() < 2:
        raise InputError(
            f"DATA has one sample of class {values[counts.argmin()]!s} and no held-out split: "
            "each class needs one sample to train on and one to test on"
        )
    indices = np.arange(len(split.labels))
    size = max(0.25, len(values) / len(indices))
    train, test = train_test_split(
        indices, test_size=size, random_state=data_seed, stratify=split.labels
    )
    return split.take(np.sort(train)), split.take(np.sort(test))


class LazyImages(Dataset[tuple[Tensor, Tensor]]):
    """Images that are decoded on access, for data sets too large for memory."""

    def __init__(self, rows: Rows, y: np.ndarray, spec: ImageInput) -> None:
        self.rows, self.y, self.spec = rows, torch.from_numpy(y), spec

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.spec.transform(self.rows.take(np.array([index])))[0], self.y[index]


def dataset_of(rows: Rows, y: np.ndarray, spec: Input, classes: tuple[str, ...]) -> Dataset[Any]:
    """Return rows as a data set of tensors, in memory unless they are too large."""
    if isinstance(spec, ImageInput):
        if len(rows) * spec.channels * spec.size[0] * spec.size[1] > IN_MEMORY_BYTES:
            return LazyImages(rows, y, spec)
        return ArrayDataset(spec.transform(rows), y, classes)
    x = spec.transform(rows.values)
    return ArrayDataset(x, y, classes)


def digest_of(*datasets: Dataset[Any]) -> str:
    """Return a hash of all tensors and labels: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for dataset in datasets:
        if isinstance(dataset, ArrayDataset):
            digest.update(dataset.x.numpy().tobytes())
        elif isinstance(dataset, LazyImages):
            digest.update(f"{dataset.rows.values._fingerprint}{dataset.spec}".encode())
        digest.update(dataset.y.numpy().tobytes())  # type: ignore[attr-defined]
    return digest.hexdigest()[:16]
