"""The labels of any data set: what it claims, held against a handful of its samples."""

import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from imbtorch.data.checks import check_labels, check_one_label
from imbtorch.data.pairs import NOT_A_PAIR, PairDataset
from imbtorch.errors import InputError
from imbtorch.progress import progress_bar

HANDFUL = 8
"""Samples that are held against labels which a data set claims to have."""
MANY = 5_000
"""Samples from which loading them all shows a progress bar."""
_loaded: dict[int, Tensor] = {}
"""Identity of a living data set -> labels that were read from its samples."""

Labels = NDArray[np.float64]


def checked_labels(pairs: Dataset[tuple[Any, Any]]) -> Tensor:
    """Return the labels of a data set of pairs; see `imbtorch.data.labels_of`."""
    size, wrong = len(pairs), []  # type: ignore[arg-type]
    for name, labels in _claims(pairs):
        if _agree(labels, pairs):
            return check_labels(labels, name or "y")
        wrong.append((name, len(labels)))
    rows = progress_bar(range(size), desc="reading labels", unit="sample", disable=size < MANY)
    read = check_labels([_label(pairs[i]) for i in rows])
    for name, length in wrong:
        fault = "other labels than" if length == size else f"{length} labels for"
        if name:
            warnings.warn(
                f"{name} holds {fault} the {size} samples: their own labels are used",
                UserWarning,
                stacklevel=4,
            )
    source = pairs.dataset if isinstance(pairs, PairDataset) else pairs
    _loaded[id(source)] = read.clone()
    weakref.finalize(source, _loaded.pop, id(source), None)
    return read


def _claims(dataset: Any) -> Iterator[tuple[str, Labels]]:
    """Yield the labels that a data set may have, and the attribute they are from, if its own."""
    if id(dataset) in _loaded:
        yield "", _loaded[id(dataset)].double().numpy()
    for name in ("y", "targets", "labels"):
        transform = getattr(dataset, "target_transform", None)
        labels = _as_labels(getattr(dataset, name, None), transform)
        if labels is not None:
            yield f"{type(dataset).__name__}.{name}", labels
    parts: list[Labels | None] = []
    if isinstance(dataset, PairDataset):
        yield from _claims(dataset.dataset)
    elif isinstance(dataset, TensorDataset):
        parts = [_as_labels(tensor) for tensor in dataset.tensors[1:2]]
    elif isinstance(dataset, Subset):
        whole = _known(dataset.dataset)
        parts = [None if whole is None else whole[np.asarray(dataset.indices, dtype=np.int64)]]
    elif isinstance(dataset, ConcatDataset):
        parts = [_known(part) for part in dataset.datasets]
    found = [part for part in parts if part is not None]
    if found and len(found) == len(parts):
        yield "", np.concatenate(found)


def _known(dataset: Any) -> Labels | None:
    """Return the first labels that a part of a data set may have, if their number fits."""
    return next((y for _, y in _claims(dataset) if len(y) == len(dataset)), None)


def _as_labels(values: Any, transform: Callable[[Any], Any] | None = None) -> Labels | None:
    """Return an attribute as labels, or None if it is something else."""
    try:
        values = values.cpu() if isinstance(values, Tensor) else values
        if transform is not None:
            values = [float(transform(value)) for value in np.asarray(values).tolist()]
        labels = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # e.g. boxes, or lists of several lengths
        return None
    return labels.astype(np.float64) if labels.ndim == 1 and labels.dtype.kind in "biuf" else None


def _agree(labels: Labels, pairs: Dataset[tuple[Any, Any]]) -> bool:
    """Return whether a handful of samples have these labels: one of each class, if they suffice."""
    if len(labels) != len(pairs):  # type: ignore[arg-type]
        return False
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(labels))
    _, first = np.unique(labels[rows], return_index=True)
    chosen = dict.fromkeys([*rng.permutation(rows[first])[:HANDFUL], *rows[:HANDFUL]])
    return all(_label(pairs[int(i)]) == labels[i] for i in list(chosen)[:HANDFUL])


def _label(pair: tuple[Any, Any]) -> float:
    try:
        if not isinstance(pair[1], Tensor) and np.asarray(pair[1]).dtype.kind in "SU":
            raise TypeError(f"it is the text {str(pair[1])!r}")
        if getattr(pair[1], "ndim", 0):  # several labels
            check_one_label(torch.as_tensor(pair[1])[None])
        return float(pair[1])
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{NOT_A_PAIR} whose y is one number, a label in 0..K-1: {error}"
        ) from error
