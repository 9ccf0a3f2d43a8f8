"""Input kinds: how stored images, texts and numbers become tensors for a network.

Each kind is fitted on the training rows and turns any rows into a tensor. A checkpoint's header
stores it as plain JSON, so that a trained network gets new data in the form it was trained on.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imbtorch.data.finite import BLOCK, are_finite, check_finite
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.text_input import TextInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.data.texts.windows import WindowInput
from imbtorch.errors import InputError


@dataclass(frozen=True)
class FeatureInput:
    """Rows of numbers -> float32 (N, features).

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    columns : tuple of str, default=()
        The columns of DATA that they come from, in this order; empty if they have no names.
    """

    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()
    kind = "features"

    @classmethod
    def fit(cls, rows: np.ndarray, columns: tuple[str, ...] = ()) -> "FeatureInput":
        """Take the shape of one row, which must be numbers."""
        spec = cls(tuple(rows.shape[1:]), columns)
        spec.check(rows)
        spec._check_precision(rows)
        return spec

    def check(self, rows: np.ndarray) -> None:
        """Raise an InputError unless rows are real numbers of this shape."""
        if rows.dtype.kind not in "biuf":
            raise InputError(f"DATA holds features of type {rows.dtype}; real numbers are needed")
        if tuple(rows.shape[1:]) != tuple(self.shape):
            raise InputError(
                f"DATA has rows of shape {tuple(rows.shape[1:])}; {tuple(self.shape)} is needed"
            )

    def transform(self, rows: np.ndarray) -> Tensor:
        """Return the rows as a float32 tensor; values must be finite."""
        self.check(rows)
        x = _in_float32(rows)
        if not are_finite(x) and (gaps := self.gaps(rows)):
            raise InputError(
                f"DATA holds NaN or infinite values in the columns {', '.join(gaps[:8])}: fill "
                "them, leave the rows out, or choose other columns with --columns"
            )
        check_finite(x, "DATA")
        return x

    def _check_precision(self, rows: np.ndarray) -> None:
        """Refuse columns whose values float32 does not tell apart, such as Unix times."""
        if rows.ndim != 2 or rows.dtype.itemsize <= 4:
            return
        for column in np.flatnonzero(_largest(rows) > 2**24).tolist():
            values = rows[:, column][np.isfinite(rows[:, column])]
            with np.errstate(over="ignore"):
                told_apart = len(np.unique(values.astype(np.float32)))
            if 2 * told_apart < len(np.unique(values)):
                name = self.columns[column] if len(self.columns) == rows.shape[1] else column
                raise InputError(
                    f"DATA holds values in the column {name} that 32-bit floats cannot tell apart, "
                    f"such as {values[0]:.10g}: subtract the smallest, or leave the column out"
                )

    def gaps(self, rows: np.ndarray) -> list[str]:
        """Return the names of columns with NaN or infinite values, and how many they have."""
        if len(self.columns) != rows.shape[-1]:
            return []
        bad = (~torch.isfinite(_in_float32(rows))).sum(0).tolist()
        return [f"{name} ({n})" for name, n in zip(self.columns, bad, strict=True) if n]


def _largest(rows: np.ndarray) -> np.ndarray:
    """Return the largest finite magnitude in each column."""
    largest, step = np.zeros(rows.shape[1]), max(1, BLOCK // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        values = np.abs(rows[start : start + step].astype(np.float64))
        np.maximum(largest, np.where(np.isfinite(values), values, 0).max(0), out=largest)
    return largest


def _in_float32(rows: np.ndarray) -> Tensor:
    with np.errstate(over="ignore"):  # infinite in float32: refused by the caller
        return torch.from_numpy(np.ascontiguousarray(rows, np.float32))


Input = ImageInput | TextInput | TokenInput | WindowInput | FeatureInput | TableInput
_KINDS: dict[str, type[Input]] = {
    k.kind: k for k in (ImageInput, TextInput, TokenInput, WindowInput, FeatureInput, TableInput)
}


def input_to_json(spec: Input) -> dict[str, Any]:
    """Return an input kind as JSON-ready values."""
    return {"kind": spec.kind, **asdict(spec)}


def input_from_json(values: dict[str, Any]) -> Input:
    """Return the input kind that `input_to_json` wrote."""
    if values["kind"] == TableInput.kind:
        return TableInput.from_json(values)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return _KINDS[values.pop("kind")](**values)


IN_WORDS = {
    "image": "images",
    "text": "texts",
    "windows": "tagged words",
    "features": "rows of numbers",
    "table": "tables",
}
"""Kinds of stored rows, as a user calls them."""


def stored_kind(spec: Input) -> str:
    """Return the kind of stored rows that an input kind reads, see `Source`.

    Examples
    --------
    >>> stored_kind(TokenInput("{}", 8)), stored_kind(ImageInput((8, 8), 1))
    ('text', 'image')
    """
    return "text" if isinstance(spec, TokenInput) else spec.kind


def as_text(spec: Input) -> dict[str, bool]:
    """Return whether an input kind takes columns of a CSV for texts, or for numbers.

    Examples
    --------
    >>> as_text(FeatureInput((2,), ("age", "size")))
    {'age': False, 'size': False}
    """
    if isinstance(spec, TableInput):
        return spec.as_text
    return dict.fromkeys(getattr(spec, "columns", ()), stored_kind(spec) == "text")
