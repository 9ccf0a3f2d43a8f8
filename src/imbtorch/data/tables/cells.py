"""The cells of a table's columns: as texts, as numbers, or as a data frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from imbtorch.errors import InputError


def frame_of(table: Any, columns: Sequence[str]) -> Any:
    """Return columns of a `datasets.Dataset` as a data frame; named classes by their names."""
    frame = table.select_columns([*columns]).to_pandas()
    for name in columns:
        if (names := getattr(table.features[name], "names", None)) is not None:
            frame[name] = frame[name].map(dict(enumerate(names)))
    return frame


def text_of(value: Any) -> str:
    """Return a cell as a text, empty if there is none; words are joined."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return value if isinstance(value, str) else " ".join(map(str, value))


def numbers_of(part: Any) -> np.ndarray:
    """Return columns of numbers, or of lists of numbers, side by side."""
    blocks = []
    for name in part.columns:
        values = part[name].to_numpy()
        if values.dtype == object and any(hasattr(v, "__len__") for v in values):
            widths = {len(v) if hasattr(v, "__len__") else 0 for v in values}
            if len(widths) > 1:
                raise InputError(
                    f"column {name!r} holds lists of {min(widths)} to {max(widths)} numbers; all "
                    "must have one length, or choose other columns with --columns"
                )
            values = np.stack([np.asarray(v) for v in values])
        blocks.append(values.astype(np.float64).reshape(len(part), -1))
    return np.concatenate(blocks, axis=1)
