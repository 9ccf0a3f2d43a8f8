"""Map stored labels to 0..K-1, report the mapping, and check that both splits have all classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imbtorch.errors import InputError


@dataclass(frozen=True)
class EncodedLabels:
    """Labels 0..K-1 of both splits, the K class names, and notes on how they were made."""

    classes: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...]


def encode_labels(
    train: np.ndarray, test: np.ndarray, names: Sequence[str] | None = None
) -> EncodedLabels:
    """Number the classes 0..K-1 in the order of their stored labels.

    Parameters
    ----------
    train, test : ndarray
        Stored labels: integers or strings, see `whole_numbers`.
    names : sequence of str, optional
        Names of integer labels. A name without a sample is left out.

    Returns
    -------
    EncodedLabels

    Raises
    ------
    InputError
        If there is only one class, or a class is missing from one split.

    Examples
    --------
    >>> encoded = encode_labels(np.array(["dog", "cat", "dog"]), np.array(["cat", "dog"]))
    >>> encoded.classes, encoded.train.tolist(), encoded.notes
    (('cat', 'dog'), [1, 0, 1], ('labels mapped: cat -> 0, dog -> 1',))
    """
    values = np.unique(train)
    if len(values) < 2:
        raise InputError(f"DATA holds only one class ({values[0]!s}); at least 2 are needed")
    unseen = np.setdiff1d(test, values).tolist()
    if unseen:
        raise InputError(f"the training set has no sample of class {_some(unseen, names)}")
    untested = np.setdiff1d(values, test).tolist()
    if untested:
        raise InputError(f"the test set has no sample of class {_some(untested, names)}")
    notes = []
    if names is not None and len(values) < len(names):
        absent = [name for k, name in enumerate(names) if k not in set(values.tolist())]
        notes.append(f"classes without a sample left out: {', '.join(absent)}")
    classes = tuple(_name(v, names) for v in values.tolist())
    if values.dtype.kind not in "iu" or not np.array_equal(values, np.arange(len(values))):
        notes.append("labels mapped: " + _some([f"{v!s} -> {k}" for k, v in enumerate(values)]))
    return EncodedLabels(
        classes, np.searchsorted(values, train), np.searchsorted(values, test), tuple(notes)
    )


def class_names(labels: np.ndarray, names: Sequence[str] | None = None) -> list[str]:
    """Return the class name of each stored label, as `encode_labels` names them."""
    return [_name(value, names) for value in labels.tolist()]


def whole_numbers(labels: np.ndarray) -> np.ndarray:
    """Return labels as integers or strings; floats must be whole numbers.

    Raises
    ------
    InputError
        If the labels are measurements or hold missing values.
    """
    if labels.dtype.kind == "f":
        whole = labels.astype(np.int64, casting="unsafe") if np.isfinite(labels).all() else None
        if whole is None or not np.array_equal(whole, labels):
            raise InputError(
                "the label column holds measurements or missing values, not classes: "
                "name the right column with --label"
            )
        return whole
    return labels.astype(str) if labels.dtype.kind == "O" else labels


def _name(value: object, names: Sequence[str] | None) -> str:
    return names[value] if names is not None and isinstance(value, int) else str(value)


def _some(values: Sequence[object], names: Sequence[str] | None = None) -> str:
    shown = ", ".join(_name(v, names) for v in values[:20])
    return shown + (", ..." if len(values) > 20 else "")
