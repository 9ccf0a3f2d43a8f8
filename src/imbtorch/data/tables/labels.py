"""The labels of a table: which column they are in, and what they are in each split."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from imbtorch.data.labels import HIDDEN, StoredLabels, read_labels
from imbtorch.data.splits import Reading
from imbtorch.data.tables.column_roles import LABEL_COLUMNS
from imbtorch.errors import InputError


def label_column(table: Any, reading: Reading) -> str:
    """Return the label column: the one that is named, or the first with a usual name."""
    features = table.features
    if reading.label:
        found = [c for c in features if c == reading.label]
    else:
        found = [c for c in features if c == reading.trained_label]
        found += [c for usual in LABEL_COLUMNS for c in features if c.strip().lower() == usual]
    if found and (len(features) > 1):
        return str(found[0])
    candidates = (reading.label,) if reading.label else LABEL_COLUMNS
    raise InputError(
        f"DATA has the columns {', '.join(features)}; "
        + (
            "there is nothing besides the label"
            if found
            else f"none of them is a label column ({', '.join(candidates)}): name it with --label"
        )
    )


def labels_of_split(
    table: Any, column: str, names: Sequence[str] | None, split: str
) -> StoredLabels:
    """Return the labels of a split; `names` are those of the training split's classes."""
    if column not in table.column_names:
        return StoredLabels(np.zeros(len(table)), np.zeros(len(table), bool))
    feature = table.features[column]
    own = getattr(feature, "names", None)
    if own != names and (own is None or names is None):
        raise InputError(
            f"label column {column!r} has named classes in one split and not in split {split!r}: "
            "store it alike in both"
        )
    if isinstance(feature, list | dict) or hasattr(feature, "feature"):
        raise InputError(
            f"label column {column!r} holds lists; one label for each sample is needed: name "
            "another column with --label"
        )
    raw = table.select_columns([column]).to_pandas()[column].to_numpy()
    read = read_labels(raw, own, f"label column {column!r} of split {split!r}")
    if own == names or own is None or names is None:
        return read
    if strangers := sorted(set(own) - set(names)):
        raise InputError(
            f"label column {column!r} of split {split!r} has the classes {strangers[:5]}, which "
            "the training split does not name"
        )
    places = np.array([*map(names.index, own)])  # the same classes in another order
    return replace(read, values=places[np.where(read.known, read.values, 0)])


def is_hidden(test: StoredLabels, train: StoredLabels) -> bool:
    """Whether a split has no label, or `HIDDEN` alone, which is no class in training."""
    found = set(test.values[test.known].tolist())
    return not found or (
        found <= {HIDDEN, str(HIDDEN)} and not found & set(train.values[train.known].tolist())
    )
