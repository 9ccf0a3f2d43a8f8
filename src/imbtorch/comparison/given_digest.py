"""What tells data of a program's own from other data: hashes of their values."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset, TensorDataset

from imbtorch.data.arrays import ArrayDataset, labels_of
from imbtorch.data.pairs import PairDataset
from imbtorch.data.tensors import digest_of
from imbtorch.seeding import same_random_state, scoped_seed

LOOKED_AT = 16
"""Samples that tell a data set which is not in memory from others, besides its labels."""


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
    return digest.hexdigest()[:16], whole


@same_random_state()
def digest_of_samples(dataset: Dataset[Any]) -> str:
    """Return a hash of the inputs of all samples, each of which is read.

    Of a data set that draws at random, it is another every time unless torch's generator draws.
    """
    digest = hashlib.sha256()
    with scoped_seed(0):
        rows = range(len(dataset))  # type: ignore[arg-type]
        _add(digest, (torch.as_tensor(dataset[row][0]) for row in rows))
    return digest.hexdigest()[:16]


def held_tensors(dataset: Dataset[Any]) -> list[Tensor] | None:
    """Return the Tensors that are all there is of a data set, inputs first, if there are such."""
    if isinstance(dataset, ArrayDataset):
        return [dataset.x, dataset.y]
    kind: object = type(dataset)  # what inherits from it may give other samples
    if isinstance(dataset, TensorDataset) and kind is TensorDataset:
        return list(dataset.tensors)
    if isinstance(dataset, PairDataset) and kind is PairDataset:
        return held_tensors(dataset.dataset)
    if isinstance(dataset, Subset) and kind is Subset:
        held, rows = (
            held_tensors(dataset.dataset),
            torch.as_tensor(dataset.indices, dtype=torch.int64),
        )
        return None if held is None else [tensor[rows] for tensor in held]
    return None


def _add(digest: Any, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
