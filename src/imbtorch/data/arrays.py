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
        memory, or any float input. A float input is used as it is (images: in 0..1).
    y : Tensor or array-like of shape (N,)
        Labels 0..K-1, stored as int64.
    classes : sequence of str, optional
        Names of the K classes, by default their numbers.

    Raises
    ------
    InputError
        If the lengths differ, a value is NaN or infinite (the rows are named) or a label is
        negative.

    Examples
    --------
    >>> data = ArrayDataset(np.zeros((4, 2), dtype=np.float32), [0, 1, 1, 1])
    >>> len(data), data.classes, class_counts(data)
    (4, ('0', '1'), [1, 3])
    """

    def __init__(
        self, x: Tensor | np.ndarray, y: ArrayLike | Tensor, classes: Sequence[str] | None = None
    ) -> None:
        self.x = torch.as_tensor(x)
        self.y = torch.as_tensor(y).to(device=self.x.device, dtype=torch.int64)
        if self.x.dtype == torch.float64:
            self.x = self.x.float()
        if len(self.x) != len(self.y):
            raise InputError(f"x has {len(self.x)} rows and y {len(self.y)}; they must agree")
        check_one_label(self.y)
        if len(self.y) == 0 or int(self.y.min()) < 0:
            raise InputError("y must hold at least one label, and labels 0..K-1")
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
    bad = (~torch.isfinite(x.flatten(1)).all(1)).nonzero().flatten().tolist()
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


def check_counts(counts: Sequence[int], name: str = "class_counts") -> Tensor:
    """Return class counts as a float64 tensor of shape (K,); each must be at least 1."""
    n = torch.as_tensor(counts, dtype=torch.float64)
    if n.ndim != 1 or len(n) == 0 or not bool((n >= 1).all()):
        raise InputError(f"{name} is {list(counts)}; every class needs a count of at least 1")
    return n


def as_dataset(data: Any) -> Dataset[Any]:
    """Return `data` as a Dataset: a Dataset as it is, a pair (x, y) as an ArrayDataset."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return ArrayDataset(*data)
    raise InputError(
        f"data is a {type(data).__name__}; a torch Dataset or a pair (x, y) of arrays is needed"
    )


def labels_of(dataset: Dataset[Any]) -> Tensor:
    """Return all labels of a data set as an int64 tensor of shape (N,).

    They are read from the attribute `y`, `targets` or `labels` where the data set has one (as
    torchvision's have); otherwise every sample is loaded once.
    """
    for name in ("y", "targets", "labels"):
        if hasattr(dataset, name):
            return check_one_label(torch.as_tensor(getattr(dataset, name))).to("cpu", torch.int64)
    samples = (dataset[i] for i in range(len(dataset)))  # type: ignore[arg-type]
    return torch.tensor([int(y) for _, y in samples])


def class_counts(dataset: Dataset[Any], num_classes: int = 0) -> list[int]:
    """Return how many samples each class has, K numbers (at least `num_classes`)."""
    counts: list[int] = torch.bincount(labels_of(dataset), minlength=num_classes).tolist()
    return counts
