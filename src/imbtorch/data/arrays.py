"""In-memory data sets, and the labels of any data set."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Subset

from imbtorch.data.checks import Array, as_numbers, check_finite, check_labels
from imbtorch.errors import InputError


class ArrayDataset(Dataset[tuple[Tensor, Tensor]]):
    """Samples and labels as two tensors, on any device.

    Parameters
    ----------
    x : Tensor or array of shape (N, ...)
        Images of shape (N, C, H, W) as uint8 in 0..255, which saves three quarters of the
        memory, or any float input, stored as float32 (images: in 0..1). Other integers, such as
        word indices, are left as they are.
    y : Tensor or array-like of shape (N,)
        Labels 0..K-1, stored as int64.
    classes : sequence of str, optional
        Names of the K classes, by default their numbers.

    Raises
    ------
    InputError
        If the lengths differ, a value is NaN or infinite (the error names the rows), or a label
        is not a whole number of at least 0.

    Examples
    --------
    >>> data = ArrayDataset(np.zeros((4, 2), dtype=np.float32), [0, 1, 1, 1])
    >>> len(data), data.classes, class_counts(data)
    (4, ('0', '1'), [1, 3])
    """

    def __init__(self, x: Array, y: Array, classes: Sequence[str] | None = None) -> None:
        self.x = as_numbers(x, "x")
        if self.x.dtype not in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
            self.x = self.x.float()
        self.y = check_labels(y).to(self.x.device)
        if self.x.ndim == 0 or len(self.x) != len(self.y):
            raise InputError(
                f"x has shape {tuple(self.x.shape)} and y has shape {tuple(self.y.shape)}; they "
                "must have the same number of rows"
            )
        if len(self.y) == 0:
            raise InputError("x and y are empty; at least one sample is needed")
        check_finite(self.x)
        num_classes = int(self.y.max()) + 1
        self.classes = tuple(classes or (str(k) for k in range(num_classes)))
        if len(self.classes) < num_classes:
            raise InputError(f"classes has {len(self.classes)} names; y needs {num_classes}")

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        return as_float(self.x[index]), self.y[index]

    def to(self, device: torch.device | str) -> "ArrayDataset":
        """Return this data set with its tensors on `device` (itself if they already are)."""
        if self.x.device == torch.device(device):
            return self
        moved = object.__new__(ArrayDataset)
        moved.x, moved.y, moved.classes = self.x.to(device), self.y.to(device), self.classes
        return moved


def as_float(x: Tensor) -> Tensor:
    """Return uint8 images as float32 in 0..1, anything else unchanged."""
    return x.float().div_(255) if x.dtype == torch.uint8 else x


Pairs: TypeAlias = Dataset[tuple[Tensor, Tensor]]
"""A data set with a length that yields (x, y)."""
Samples: TypeAlias = Dataset[object] | tuple[Array, Array]
"""Data to train or evaluate on: any Dataset with a length that yields (x, y), or a pair (x, y) of
arrays."""


def as_dataset(data: Samples) -> Dataset[Any]:
    """Return `data` as a Dataset: a Dataset unchanged, a pair (x, y) as an ArrayDataset."""
    if isinstance(data, Dataset) and hasattr(data, "__len__"):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return ArrayDataset(*data)
    raise InputError(
        f"data is a {type(data).__name__}; it must be a torch Dataset that has a length, or a "
        "pair (x, y) of arrays"
    )


def take(dataset: Dataset[Any], rows: NDArray[np.int64] | Tensor) -> Dataset[Any]:
    """Return the given rows of a data set as a data set, in memory if the original is.

    Examples
    --------
    >>> data = ArrayDataset(np.zeros((4, 2), dtype=np.float32), [0, 1, 1, 1])
    >>> labels_of(take(data, np.array([3, 0]))).tolist()
    [1, 0]
    """
    if isinstance(dataset, ArrayDataset):
        return ArrayDataset(dataset.x[rows], dataset.y[rows], dataset.classes)
    return Subset(dataset, rows.tolist())


def labels_of(dataset: Dataset[object]) -> Tensor:
    """Return all labels of `dataset` as an int64 tensor of shape (N,).

    They are read from the attribute `y`, `targets` or `labels` if the data set has one (as in
    torchvision); otherwise every sample is loaded once.
    """
    for name in ("y", "targets", "labels"):
        if hasattr(dataset, name):
            return check_labels(getattr(dataset, name), f"{type(dataset).__name__}.{name}").cpu()
    samples = (dataset[i] for i in range(len(dataset)))  # type: ignore[arg-type]
    return check_labels([_label(sample) for sample in samples]).cpu()


def class_counts(dataset: Dataset[object], num_classes: int = 0) -> list[int]:
    """Count the samples of each class of `dataset`: K numbers, at least `num_classes` of them."""
    counts: list[int] = torch.bincount(labels_of(dataset), minlength=num_classes).tolist()
    return counts


def _label(sample: Any) -> float:
    try:
        _, y = sample
        return float(y)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "a sample of the data set is not a pair (x, y) whose y is one number, a label in "
            f"0..K-1: {error}"
        ) from error
