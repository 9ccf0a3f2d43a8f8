"""Data sets in memory, and the labels of any data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.errors import InputError


class ArrayDataset(Dataset[tuple[Tensor, Tensor]]):
    """Samples and labels as two tensors, which may live on any device.

    Parameters
    ----------
    x : Tensor or array of shape (N, ...)
        Images of shape (N, C, H, W) as uint8 in 0..255, which saves three quarters of the
        memory, or any float input, kept as float32 (images: in 0..1). Other whole numbers,
        such as those of words, are left as they are.
    y : Tensor or array-like of shape (N,)
        Labels 0..K-1, stored as int64.
    classes : sequence of str, optional
        Names of the K classes, by default their numbers.

    Raises
    ------
    InputError
        If the lengths differ, a value is NaN or infinite (the rows are named), or a label is no
        whole number from 0.

    Examples
    --------
    >>> data = ArrayDataset(np.zeros((4, 2), dtype=np.float32), [0, 1, 1, 1])
    >>> len(data), data.classes, class_counts(data)
    (4, ('0', '1'), [1, 3])
    """

    def __init__(
        self, x: Tensor | np.ndarray, y: ArrayLike | Tensor, classes: Sequence[str] | None = None
    ) -> None:
        self.x = as_numbers(x, "x")
        if self.x.dtype not in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
            self.x = self.x.float()
        self.y = check_labels(y).to(self.x.device)
        if self.x.ndim == 0 or len(self.x) != len(self.y):
            raise InputError(
                f"x has the shape {tuple(self.x.shape)} and y {tuple(self.y.shape)}; the same "
                "number of rows is needed"
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
        """Return this data set with its tensors on `device` (itself if they are there)."""
        if self.x.device == torch.device(device):
            return self
        moved = object.__new__(ArrayDataset)
        moved.x, moved.y, moved.classes = self.x.to(device), self.y.to(device), self.classes
        return moved


def as_float(x: Tensor) -> Tensor:
    """Return uint8 images as float32 in 0..1, anything else unchanged."""
    return x.float().div_(255) if x.dtype == torch.uint8 else x


def check_finite(x: Tensor, name: str = "x") -> None:
    """Raise an InputError that names the rows of `x` which hold NaN or infinity."""
    if not x.is_floating_point() or bool(torch.isfinite(x).all()):
        return
    bad = (~torch.isfinite(x.reshape(len(x), -1)).all(1)).nonzero().flatten().tolist()
    shown = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
    raise InputError(
        f"{name} holds NaN or infinite values in {len(bad)} of {len(x)} rows ({shown}); "
        "remove or fill them first"
    )


def check_one_label(y: Tensor) -> Tensor:
    """Return labels of shape (N,); an InputError says what there is for many labels a sample."""
    if y.ndim != 1:
        raise InputError(
            f"y has shape {tuple(y.shape)}; one label a sample, shape (N,), is needed. For many "
            "labels a sample, MultiLabelAsymmetricLoss and ClassBalancedSampler take part in a "
            "training loop of your own"
        )
    return y


def check_labels(y: Any, name: str = "y") -> Tensor:
    """Return labels as an int64 tensor of shape (N,); they must be whole numbers from 0."""
    labels = check_one_label(as_numbers(y, name))
    if labels.is_floating_point() and not bool((labels == labels.trunc()).all()):
        raise InputError(f"{name} holds values that are no whole numbers; labels 0..K-1 are needed")
    labels = labels.long()
    if len(labels) and int(labels.min()) < 0:
        raise InputError(f"{name} holds the label {int(labels.min())}; labels 0..K-1 are needed")
    return labels


def check_counts(counts: Sequence[int], name: str = "class_counts") -> Tensor:
    """Return class counts as a float64 tensor of shape (K,); each must be at least 1."""
    n = as_numbers(counts, name).double()
    if n.ndim != 1 or len(n) == 0 or not bool(((n >= 1) & n.isfinite()).all()):
        raise InputError(f"{name} is {n.tolist()}; every class needs a count of at least 1")
    return n


def check_batch(x: Tensor, y: Tensor, num_classes: int) -> Tensor:
    """Return the labels of a batch that a transform is given, as int64.

    Parameters
    ----------
    x : Tensor
        Must be of shape (B, ...), float and finite.
    y : Tensor
        Must be of shape (B,), integer, within 0..K-1.
    num_classes : int
        Number of classes K.
    """
    for name, value in (("x", x), ("y", y)):
        if not isinstance(value, Tensor):
            raise InputError(f"{name} is a {type(value).__name__}; a Tensor is needed")
    if x.ndim == 0 or not x.is_floating_point():
        raise InputError(
            f"x has shape {tuple(x.shape)} and dtype {x.dtype}; (B, ...) float is needed"
        )
    if y.shape != x.shape[:1] or y.is_floating_point():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; with x of shape "
            f"{tuple(x.shape)}, labels of shape ({len(x)},) int64 are needed"
        )
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < num_classes:
        raise InputError(
            f"y holds labels {int(y.min())} to {int(y.max())}; {num_classes} classes are known"
        )
    check_finite(x)
    return y.long()


def as_dataset(data: Any) -> Dataset[Any]:
    """Return `data` as a Dataset: a Dataset as it is, a pair (x, y) as an ArrayDataset."""
    if isinstance(data, Dataset) and hasattr(data, "__len__"):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return ArrayDataset(*data)
    raise InputError(
        f"data is a {type(data).__name__}; a torch Dataset that has a length, or a pair (x, y) of "
        "arrays, is needed"
    )


def labels_of(dataset: Dataset[Any]) -> Tensor:
    """Return all labels of a data set as an int64 tensor of shape (N,).

    They are read from the attribute `y`, `targets` or `labels` where the data set has one (as
    torchvision's have); otherwise every sample is loaded once.
    """
    for name in ("y", "targets", "labels"):
        if hasattr(dataset, name):
            return check_labels(getattr(dataset, name), f"{type(dataset).__name__}.{name}").cpu()
    samples = (dataset[i] for i in range(len(dataset)))  # type: ignore[arg-type]
    return check_labels([_label(sample) for sample in samples]).cpu()


def class_counts(dataset: Dataset[Any], num_classes: int = 0) -> list[int]:
    """Return how many samples each class has, K numbers (at least `num_classes`)."""
    counts: list[int] = torch.bincount(labels_of(dataset), minlength=num_classes).tolist()
    return counts


def _label(sample: Any) -> float:
    try:
        _, y = sample
        return float(y)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "a sample of the data set is not a pair (x, y) with one number, a label of 0..K-1, "
            f"as y: {error}"
        ) from error


def as_numbers(values: Any, name: str) -> Tensor:
    """Return an array-like as a Tensor, without a copy where that can be."""
    if isinstance(values, np.ndarray) and (
        min(values.strides, default=0) < 0 or not values.flags.writeable
    ):
        values = values.copy()  # torch takes neither
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = getattr(values, "dtype", type(values).__name__)
        raise InputError(f"{name} is of {kind}, not an array of numbers: {error}") from error
    if tensor.is_complex():
        raise InputError(f"{name} is of {tensor.dtype}; real numbers are needed")
    return tensor
