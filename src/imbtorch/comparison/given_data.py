"""Data of a program's own, arrays or data sets, as what a task is made on."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.utils.data import Dataset

from imbtorch.data.arrays import (
    ArrayDataset,
    Samples,
    as_dataset,
    class_counts,
    labels_of,
    take,
)
from imbtorch.data.checks import as_numbers
from imbtorch.data.copies import Numbers, copies_in, kept_together
from imbtorch.data.digests import digest_of_given, held_tensors
from imbtorch.data.division import Division
from imbtorch.data.finite import check_finite
from imbtorch.data.hold_out import SHARE
from imbtorch.data.inputs import FeatureInput
from imbtorch.data.load import LoadedData
from imbtorch.data.pairs import is_hugging_face
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Rows, Split
from imbtorch.errors import InputError
from imbtorch.integrations.given import given_labels, given_samples, numbered
from imbtorch.seeding import same_random_state

Given: TypeAlias = Samples | tuple[Samples, Samples]
"""A data set or a pair of arrays (X, y), or two of them: to train on, and held out."""


@same_random_state()
def given_data(data: Given, data_seed: int = 0) -> LoadedData:
    """Return data of a program's own as training and held-out set.

    Parameters
    ----------
    data : Samples, or pair (train, test) of Samples
        Labels of arrays are of any kind, those of a data set numbers 0..K-1.
    data_seed : int, default=0
        Decides which quarter, class by class, is held out if `data` is one set. Copies of a
        sample, byte for byte, stay together; they are looked for in what is in memory: arrays,
        a TensorDataset and parts of it.

    Returns
    -------
    LoadedData
        Identified by its values, see `digest_of_given`.

    Raises
    ------
    InputError
        If the data cannot be used, or a class has no sample to train on or none to hold out.

    Examples
    --------
    >>> data = given_data((np.zeros((8, 2)), ["a"] * 4 + ["b"] * 4))
    >>> data.classes, data.counts, len(data.test)
    (('a', 'b'), [3, 3], 2)
    """
    parts: Any = data if _is_pair_of_sets(data) else (data,)
    sets, classes = _as_datasets(parts)
    notes, leaked = ["data in memory"], 0
    copied = _copies(sets)
    division = Division(kept_together(copied[0], labels_of(sets[0]).numpy()))
    if len(sets) == 1:
        y = labels_of(sets[0]).numpy()
        named = classes or _names(sets[0], int(y.max()) + 1)
        if (single := np.flatnonzero(np.bincount(y) == 1)).size:
            raise InputError(
                f"data has one sample of class {named[single[0]]}: each class needs one to train "
                "on and one to hold out; pass (train, test), or leave the class out"
            )
        kept, held = division.hold_out(y, SHARE, data_seed)
        sets = [take(sets[0], rows) for rows in (kept, held)]
        notes += ["a quarter of each class is held out", *division.notes()]
        division = division.take(kept)
    else:
        leaked = int(np.isin(copied[1], copied[0]).sum())
    train, test = sets
    counts = class_counts(train)
    classes = classes or _names(train, len(counts))
    highest = int(labels_of(test).max())
    if len(counts) < 2 or 0 in counts or highest >= len(counts):
        raise InputError(
            f"data has training samples {_counted(counts, classes)} and held-out labels up to "
            f"number {highest}; at least two classes, each with samples to train on, are needed"
        )
    profile = Profile("stored", 1.0).measured(np.array(counts))
    spec = FeatureInput(tuple(torch.as_tensor(train[0][0]).shape))
    digest, whole = digest_of_given(train, test)
    return LoadedData(
        "data",
        train,
        test,
        classes,
        spec,
        profile,
        tuple(notes),
        digest,
        division=division,
        leaked=leaked,
        whole=whole,
    )


def _copies(sets: Sequence[Dataset[Any]]) -> list[Numbers]:
    """Return a number for each sample, the same for copies in what is in memory."""
    found = [held_tensors(one) for one in sets]
    held = [tensors[0].detach().cpu() for tensors in found if tensors is not None]
    labels = [labels_of(one).numpy() for one in sets]
    if len(held) < len(sets):
        sizes = [len(y) for y in labels]
        return np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    content = [x.reshape(len(x), -1).contiguous().view(torch.uint8).numpy() for x in held]
    splits = [Split(Rows(rows), y) for rows, y in zip(content, labels, strict=True)]
    return copies_in("features" if held[0].ndim == 2 else "image", *splits)


def _counted(counts: Sequence[int], classes: Sequence[str]) -> str:
    return ", ".join(f"{name}: {n}" for name, n in zip(classes, counts, strict=False))


def _is_pair_of_sets(data: object) -> bool:
    if not isinstance(data, tuple) or len(data) != 2:
        return False
    return isinstance(data[0], (Dataset, tuple)) or is_hugging_face(data[0])


def _as_datasets(parts: Sequence[Any]) -> tuple[list[Dataset[Any]], tuple[str, ...]]:
    """Return the sets as data sets, and the names of the classes if the sets are arrays."""
    if not all(isinstance(part, tuple) and len(part) == 2 for part in parts):
        return [as_dataset(part) for part in parts], ()
    labels = [np.asarray(given_labels(part[1])) for part in parts]
    classes, codes = numbered(np.concatenate(labels))
    names = tuple(map(str, classes.tolist()))
    divided = np.split(codes, np.cumsum([len(y) for y in labels])[:-1])
    inputs = [as_numbers(given_samples(part[0]), "X") for part in parts]
    for x in inputs:
        check_finite(x, "X")
    return [ArrayDataset(x, y, names) for x, y in zip(inputs, divided, strict=True)], names


def _names(dataset: Dataset[Any], number: int) -> tuple[str, ...]:
    inner: object = dataset
    while not hasattr(inner, "classes") and hasattr(inner, "dataset"):
        inner = inner.dataset
    named = [str(name) for name in getattr(inner, "classes", ())]
    right = len(named) == len({*named}) == number
    return tuple(named if right else map(str, range(number)))
