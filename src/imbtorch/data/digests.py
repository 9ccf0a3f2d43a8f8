"""What tells data from other data: hashes of their values."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset, TensorDataset

from imbtorch.data.arrays import ArrayDataset, labels_of
from imbtorch.data.pairs import PairDataset
from imbtorch.seeding import same_random_state, scoped_seed

LOOKED_AT = 16
"""Samples that tell a data set which is not in memory from others, besides its labels."""


def digest_of(*datasets: ArrayDataset) -> str:
    """Return a hash of all tensors and labels: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for dataset in datasets:
        add_values(digest, dataset)
    return short(digest)


def add_values(digest: Any, dataset: ArrayDataset) -> None:
    """Take all tensors and labels of a data set into a hash, see `digest_of`."""
    digest.update(np.ascontiguousarray(dataset.x.numpy()))
    digest.update(dataset.y.numpy())


def short(digest: Any) -> str:
    """Return the first 16 hexadecimal digits of a hash."""
    return str(digest.hexdigest()[:16])


def digest_of_given(*parts: Dataset[Any]) -> tuple[str, bool]:
    """Return a hash of data sets, and whether it is of all their values.

    It is of those of arrays, a TensorDataset and Subsets of them; of any other data set, all labels
    and 16 samples are looked at.

    Examples
    --------
    >>> x, y = torch.zeros(40, 2), torch.zeros(40, dtype=torch.int64)
    >>> digest_of_given(PairDataset(TensorDataset(x, y)))[1]
    True
    """
    if all(isinstance(part, ArrayDataset) for part in parts):
        return digest_of(*parts), True  # type: ignore[arg-type]
    digest, whole = hashlib.sha256(), True
    with scoped_seed(0):
        for part in parts:
            digest.update(labels_of(part).numpy().tobytes())
            held = held_tensors(part)
            if held is not None:
                _add(digest, held)
                continue
            whole = False
            rows = np.linspace(0, len(part) - 1, LOOKED_AT).astype(int)  # type: ignore[arg-type]
            for row in rows.tolist():
                x = torch.as_tensor(part[row][0])
                digest.update(np.ascontiguousarray(x.cpu().float().numpy()).tobytes())
    return short(digest), whole


@same_random_state()
def digest_of_samples(dataset: Dataset[Any]) -> str:
    """Return a hash of the inputs of all samples, each of which is read.

    Of a data set that draws at random, it is another every time unless torch's generator draws.
    """
    digest = hashlib.sha256()
    with scoped_seed(0):
        rows = range(len(dataset))  # type: ignore[arg-type]
        _add(digest, (torch.as_tensor(dataset[row][0]) for row in rows))
    return short(digest)


def mark_of(dataset: Dataset[Any], labels: Tensor | None = None) -> str:
    """Return a hash that costs next to nothing: of the size, of `labels`, and of some samples.

    Samples are looked at where they are in memory; no other data set is read.

    Examples
    --------
    >>> x, y = torch.zeros(40, 2), torch.zeros(40, dtype=torch.int64)
    >>> mark_of(TensorDataset(x, y)) == mark_of(TensorDataset(x + 1, y))
    False
    """
    size = len(dataset)  # type: ignore[arg-type]
    some = torch.linspace(0, size - 1, LOOKED_AT).long() if size else torch.arange(0)
    digest = hashlib.sha256(str(size).encode())
    _add(digest, held_tensors(dataset, some) or [])
    _add(digest, [] if labels is None else [labels])
    return short(digest)


def held_tensors(dataset: Dataset[Any], rows: Tensor | None = None) -> list[Tensor] | None:
    """Return the Tensors that are all there is of a data set, inputs first, if there are such.

    Of them, `rows` alone are taken, where given.
    """
    kind: object = type(dataset)  # what inherits from it may give other samples
    if isinstance(dataset, PairDataset) and kind is PairDataset:
        return held_tensors(dataset.dataset, rows)
    if isinstance(dataset, Subset) and kind is Subset:
        indices = torch.as_tensor(dataset.indices, dtype=torch.int64)
        return held_tensors(dataset.dataset, indices if rows is None else indices[rows])
    if isinstance(dataset, ArrayDataset):
        held = [dataset.x, dataset.y]
    elif isinstance(dataset, TensorDataset) and kind is TensorDataset:
        held = list(dataset.tensors)
    else:
        return None
    return held if rows is None else [tensor[rows] for tensor in held]


def _add(digest: Any, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
