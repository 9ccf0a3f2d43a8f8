"""Samples in any usual form, as the pairs (x, y) that everything else works with."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.checks import as_numbers
from imbtorch.data.images.decode import WIDE, in_8_bits
from imbtorch.data.images.image_input import GRAY
from imbtorch.errors import InputError

X_NAMES = (
    *("x", "image", "img", "pixel_values", "input", "inputs", "feature", "features"),
    *("input_values", "input_features", "embedding", "embeddings", "data"),
)
"""Names under which data sets keep the input of a sample."""
Y_NAMES = ("y", "label", "labels", "target", "targets", "class")
"""Names under which data sets keep the label of a sample."""
NOT_A_PAIR = "a sample of the data set is not a pair (x, y)"
WRAP = "wrap the data set in a torch Dataset that returns (x, y)"


class PairDataset(Dataset[tuple[Any, Any]]):
    """A data set whose samples are pairs (x, y), whatever those of the wrapped one are.

    Examples
    --------
    >>> from torch.utils.data import StackDataset
    >>> dicts = StackDataset(image=torch.zeros(2, 1, 4, 4), label=torch.tensor([0, 1]))
    >>> x, y = PairDataset(dicts)[1]
    >>> x.shape, int(y)
    (torch.Size([1, 4, 4]), 1)
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return pair_of(self.dataset[index])

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        together = getattr(self.dataset, "__getitems__", None)
        samples = together(indices) if together else [self.dataset[i] for i in indices]
        return [pair_of(sample) for sample in samples]


def pair_of(sample: Any) -> tuple[Any, Any]:
    """Return a sample as a pair (x, y), x a Tensor if it was an array or a Pillow image.

    A sample may be a pair, a mapping or dataclass that names one input (`X_NAMES`) and one label
    (`Y_NAMES`), or (x, y, ...) whose further parts are no numbers, which could be labels too.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> pair_of({"image": np.zeros(3), "label": 2, "path": "a.png"})[1]
    2
    >>> pair_of((np.zeros(3), 2, "a.png"))[1]
    2
    """
    if is_dataclass(sample) and not isinstance(sample, type):
        sample = {field.name: getattr(sample, field.name) for field in fields(sample)}
    if isinstance(sample, Mapping):
        x_name, y_name = names_of(sample)
        x, y = sample[x_name], sample[y_name]
    elif isinstance(sample, (tuple, list)) and len(sample) >= 2:
        x, y, *more = sample
        if any(map(_is_number, more)):
            raise InputError(
                f"{NOT_A_PAIR} but has {len(sample)} parts, several of which could be the label: "
                f"{WRAP}"
            )
    else:
        raise InputError(f"{NOT_A_PAIR} but a {type(sample).__name__}: {WRAP}")
    x = _pixels(x) if hasattr(x, "getbands") else as_numbers(x, "x of a sample")
    if isinstance(y, (Tensor, np.ndarray)) and y.ndim and np.prod(y.shape) == 1:
        y = y.reshape(())
    return x, y


def names_of(keys: Iterable[str]) -> tuple[str, str]:
    """Return the names of the input and of the label among the names of a sample's parts.

    Raises
    ------
    InputError
        If there is not exactly one of each.

    Examples
    --------
    >>> names_of(["id", "img", "label"])
    ('img', 'label')
    """
    keys = [str(key) for key in keys]
    found = [[k for k in keys if k.lower() in names] for names in (X_NAMES, Y_NAMES)]
    (x, *other_x), (y, *other_y) = (names or [""] for names in found)
    if x and y and not other_x and not other_y:
        return x, y
    raise InputError(
        f"{NOT_A_PAIR} but has the parts {', '.join(keys)}; exactly one of them must be the "
        f"input, named like {X_NAMES[0]}, {X_NAMES[1]} or {X_NAMES[7]}, and exactly one the "
        f"label, named like {Y_NAMES[0]}, {Y_NAMES[1]} or {Y_NAMES[3]}: rename them, or {WRAP}"
    )


class HuggingFaceDataset(PairDataset):
    """Pairs (x, y) of a Hugging Face `datasets.Dataset`, of which only two columns are read.

    Numbers and arrays become Tensors, images uint8 of shape (C, H, W). A data set with a
    transform of its own (``set_transform``) keeps it.
    """

    def __init__(self, dataset: Any) -> None:
        self.label = ""
        if dataset.format["type"] != "custom":
            x, self.label = names_of(dataset.column_names)
            dataset = dataset.select_columns([x, self.label])
            images = type(dataset.features[x]).__name__ == "Image"  # decoded by `pair_of`
            columns = [self.label] if images else [x, self.label]
            dataset = dataset.with_format("torch", columns=columns, output_all_columns=True)
        super().__init__(dataset)

    @property
    def targets(self) -> object:
        """The column of labels, or None if a transform makes them."""
        column = self.dataset.with_format("numpy", columns=[self.label]) if self.label else None
        return None if column is None else column[:][self.label]


def is_hugging_face(data: object) -> bool:
    """Return whether an object is a `datasets.Dataset`, without importing that library."""
    return type(data).__module__.startswith("datasets.") and hasattr(data, "column_names")


def check_not_dataset(X: object) -> None:
    """Raise an InputError if an estimator is given a data set."""
    if isinstance(X, Dataset) or is_hugging_face(X):
        raise InputError(
            f"X is a {type(X).__name__}; an estimator takes arrays X and y: to train on a data "
            "set, use imbtorch.fit"
        )


def _is_number(value: object) -> bool:
    if isinstance(value, (Tensor, np.ndarray)):
        return value.ndim == 0
    return isinstance(value, (int, float, np.generic))


def _pixels(image: Any) -> Tensor:
    """Return a Pillow image as uint8 (C, H, W): one channel if it is gray, else three."""
    if image.mode in WIDE or image.mode.startswith("I;16"):
        raise InputError(
            f"a sample is an image of mode {image.mode}, whose range is not 0..255: convert it to "
            "8 bits or to a Tensor in 0..1"
        )
    pixels = np.asarray(in_8_bits(image, 1 if image.mode in GRAY else 3, None))
    made = torch.from_numpy(pixels.copy()).view(*pixels.shape[:2], -1)
    return made.permute(2, 0, 1).contiguous()
