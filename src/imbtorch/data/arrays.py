"""In-memory data sets, and the labels of any data set."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset

from imbtorch.data.as_float import as_float
from imbtorch.data.checks import Array, as_numbers, check_labels
from imbtorch.data.finite import check_finite
from imbtorch.data.known_labels import checked_labels
from imbtorch.data.pairs import HuggingFaceDataset, PairDataset, is_hugging_face
from imbtorch.errors import InputError
from imbtorch.seeding import same_random_state

MANY = 1_000
"""Classes that a small data set may have without their names."""


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
    tokens : bool, default=False
        Whether x holds the numbers of texts' tokens, filled with -1 behind the end of the shorter
        ones (see `TokenInput`): then batches are made of texts of similar length.
    categorical : sequence of (int, int), default=()
        Blocks of columns of x, from start to before stop, that say which category a sample has
        (see `TableInput`): one is 1 and the others 0.

    Raises
    ------
    InputError
        If the lengths differ, a value is NaN or infinite (the error names the rows), a label is
        not a whole number of at least 0, or, without `classes`, labels go far above the number of
        samples.

    Examples
    --------
    >>> data = ArrayDataset(np.zeros((4, 2), dtype=np.float32), [0, 1, 1, 1])
    >>> len(data), data.classes, class_counts(data)
    (4, ('0', '1'), [1, 3])
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        classes: Sequence[str] | None = None,
        *,
        tokens: bool = False,
        categorical: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.x = as_numbers(x, "x").detach()
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
        self.tokens, self.categorical = tokens, tuple(categorical)
        if tokens and (self.x.ndim != 2 or self.x.dtype not in (torch.int32, torch.int64)):
            raise InputError(
                f"x has shape {tuple(self.x.shape)} and dtype {self.x.dtype}; tokens must be "
                "integers (N, L), int32 or int64"
            )
        num_classes = int(self.y.max()) + 1
        if classes is None and num_classes > max(MANY, 10 * len(self.y)):  # as if they were ids
            raise InputError(
                f"y has labels up to {num_classes - 1} for {len(self.y)} samples; classes are "
                "numbered from 0: take np.unique(y, return_inverse=True)[1], or give classes"
            )
        names = map(str, range(num_classes)) if classes is None or not len(classes) else classes
        self.classes = tuple(map(str, names))
        if len(self.classes) < num_classes:
            raise InputError(f"classes has {len(self.classes)} names; y needs {num_classes}")

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        return as_float(self.x[index]), self.y[index]

    def with_samples(self, x: Tensor, y: Tensor) -> "ArrayDataset":
        """Return other samples of the same kind as a data set."""
        return ArrayDataset(x, y, self.classes, tokens=self.tokens, categorical=self.categorical)

    def to(self, device: torch.device | str) -> "ArrayDataset":
        """Return this data set with its tensors on `device` (itself if they already are)."""
        if self.x.device == torch.device(device):
            return self
        moved = object.__new__(ArrayDataset)
        moved.x, moved.y, moved.classes = self.x.to(device), self.y.to(device), self.classes
        moved.tokens, moved.categorical = self.tokens, self.categorical
        return moved


Pairs: TypeAlias = Dataset[tuple[Tensor, Tensor]]
"""A data set with a length that yields (x, y)."""
Samples: TypeAlias = Dataset[object] | tuple[Array, Array]
"""Data to train or evaluate on: a torch Dataset with a length, a Hugging Face ``datasets.Dataset``,
or a pair (x, y) of arrays.

A sample of a data set is a pair (x, y); or a dict or dataclass with one part that is named like an
input (x, image, pixel_values, features, ...) and one like a label (y, label, target, ...); or
(x, y, ...) whose further parts are no numbers. 8-bit images of Pillow become uint8 Tensors of
shape (C, H, W). What is not certain is refused."""


def as_dataset(data: Samples) -> Dataset[Any]:
    """Return `data` as a Dataset that yields pairs (x, y); every public function calls this.

    Parameters
    ----------
    data : Dataset or pair (x, y)
        See `Samples`; a pair of arrays becomes an `ArrayDataset`.

    Raises
    ------
    InputError
        If `data` is none of these; when a sample is read, if it is not certain which part of it
        is the input and which the label.

    Examples
    --------
    >>> from torch.utils.data import StackDataset
    >>> dicts = StackDataset(image=torch.zeros(2, 1, 4, 4), label=torch.tensor([0, 1]))
    >>> len(as_dataset(dicts)), labels_of(dicts).tolist()
    (2, [0, 1])
    """
    if isinstance(data, (ArrayDataset, PairDataset)):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return ArrayDataset(*data)
    if isinstance(data, Mapping):
        raise InputError(
            f"data is a {type(data).__name__} of {', '.join(map(str, data))}; pass one data set "
            "of it, or a pair (x, y) of arrays"
        )
    if hasattr(data, "__len__"):
        if is_hugging_face(data):
            return HuggingFaceDataset(data)
        if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
            return PairDataset(data)
    raise InputError(
        f"data is a {type(data).__name__}; it must be a torch Dataset that has a length and is "
        "read by index, a Hugging Face Dataset, or a pair (x, y) of arrays"
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
        x, y = dataset.x[rows], dataset.y[rows]
        return dataset.with_samples(x, y)
    return Subset(dataset, rows.tolist())


@same_random_state()
def first_input(dataset: Dataset[Any]) -> Tensor:
    """Return the first sample without its label; what it draws changes no global random state.

    Examples
    --------
    >>> first_input(ArrayDataset(np.zeros((4, 2)), [0, 1, 1, 1])).shape
    torch.Size([2])
    """
    return torch.as_tensor(dataset[0][0])


@same_random_state()
def labels_of(dataset: Samples) -> Tensor:
    """Return all labels of a data set, as training sees them: int64, of shape (N,).

    They are read from the attribute `y`, `targets` or `labels` if the data set has one (as in
    torchvision, ``target_transform`` applied), or from those of the data sets that a torch
    ``Subset`` or ``ConcatDataset`` is made of, and compared with a handful of samples. If length
    or values differ, the samples are right: a warning names the attribute. Otherwise every
    sample is loaded once, with a progress bar if there are thousands, and the labels are
    remembered for as long as the data set exists: relabel a copy, not the data set itself.

    Parameters
    ----------
    dataset : Dataset or pair (x, y)
        See `Samples`. What it draws at random does not change the global random state.

    Raises
    ------
    InputError
        If a label is not one whole number of at least 0.

    Examples
    --------
    >>> from torch.utils.data import Subset, TensorDataset
    >>> data = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 1, 1, 2]))
    >>> labels_of(Subset(data, [3, 1])).tolist()
    [2, 1]
    """
    data = as_dataset(dataset)
    if isinstance(data, ArrayDataset):
        return data.y.cpu().clone()  # which may be changed
    return checked_labels(data)


def class_counts(dataset: Samples, num_classes: int = 0) -> list[int]:
    """Count the samples of each class of `dataset`: K numbers, at least `num_classes` of them.

    Examples
    --------
    >>> class_counts((np.zeros((4, 2)), [0, 1, 1, 1]), num_classes=3)
    [1, 3, 0]
    """
    counts: list[int] = torch.bincount(labels_of(dataset), minlength=num_classes).tolist()
    return counts
