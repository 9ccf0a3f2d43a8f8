"""Read stored labels, map them to 0..K-1, and report what was found."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imbtorch.data.samples import is_missing
from imbtorch.errors import InputError

INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
"""Characters that cannot be seen, and do not make another class."""
HIDDEN = -1
"""The label of samples whose class a benchmark keeps to itself."""
WORDS = ("na", "n/a", "nan", "none", "null")
"""Classes that may have been meant as missing labels."""


@dataclass(frozen=True)
class StoredLabels:
    """Labels of a split as read.

    Attributes
    ----------
    values : ndarray of shape (N,)
        Integers or strings; meaningless where not `known`.
    known : ndarray of bool, shape (N,)
        Whether a sample has a label.
    notes : tuple of str
        What was found.
    """

    values: np.ndarray
    known: np.ndarray
    notes: tuple[str, ...] = ()


def read_labels(
    raw: np.ndarray, names: Sequence[str] | None = None, where: str = "labels"
) -> StoredLabels:
    """Read labels as stored: find the missing ones, and bring the others to one form.

    White space around a label and the composition of its characters do not make another class.

    Parameters
    ----------
    raw : ndarray of shape (N,)
        Integers, whole floats, bools, strings or objects, with None and NaN for missing ones.
    names : sequence of str, optional
        Names of integer labels; `HIDDEN` is a missing one then.
    where : str, default="labels"
        What to call them in errors.

    Returns
    -------
    StoredLabels

    Raises
    ------
    InputError
        If they are not one label a sample, or measurements.

    Examples
    --------
    >>> found = read_labels(np.array(["ok", " ok", None], dtype=object))
    >>> found.values[found.known].tolist(), found.notes
    (['ok', 'ok'], ("labels with white space around them, such as ' ok', read without it: 1",))
    """
    if raw.ndim != 1:
        raise InputError(
            f"{where} has shape {raw.shape}; one label for each sample, shape (N,), is needed"
        )
    if raw.dtype.kind not in "biufOSU":
        raise InputError(f"{where} is of type {raw.dtype}; integers or strings are needed")
    if raw.dtype.kind == "O" and all(isinstance(v, bool | np.bool_) or v is None for v in raw):
        known = np.array([v is not None for v in raw], bool)
        return StoredLabels(np.array([str(bool(v)) for v in raw]), known)
    if raw.dtype.kind == "f" or (raw.dtype.kind == "O" and _all_numbers(raw)):
        numbers = np.asarray(raw, np.float64)
        known = ~np.isnan(numbers)
        values = whole_numbers(np.where(known, numbers, 0))
    elif raw.dtype.kind in "OSU":
        known = np.array([not is_missing(v) for v in raw], bool)
        return _clean([_text(v) for v in raw], known)
    else:
        values = raw.astype(str) if raw.dtype.kind == "b" else raw
        known = np.ones(len(raw), bool)
    if names is None or values.dtype.kind not in "iu":
        hidden = values.dtype.kind == "i" and HIDDEN in values[known] and 0 in values[known]
        said = ("the label -1 is taken as a class: leave these samples out if it is unknown",)
        return StoredLabels(values, known, said if hidden else ())
    if known.any() and values[known].max() >= len(names):
        raise InputError(
            f"{where} has the label {values[known].max()}; it has names for 0..{len(names) - 1}"
        )
    return StoredLabels(values, known & (values >= 0))


def _clean(texts: list[str], known: np.ndarray) -> StoredLabels:
    notes = []
    bare = [" ".join(INVISIBLE.sub("", text).split()) for text in texts]
    spaced = [t for t, b, k in zip(texts, bare, known, strict=True) if k and t != b]
    known = known & np.array([b != "" for b in bare], bool)
    if spaced:
        notes.append(
            f"labels with white space around them, such as {spaced[0]!r}, read without it: "
            f"{len(spaced)}"
        )
    values = np.array([unicodedata.normalize("NFC", b) for b in bare], dtype=str)
    folded: dict[str, list[str]] = {}
    for value in np.unique(values[known]).tolist():
        folded.setdefault(value.casefold(), []).append(value)
    notes += [
        f"classes that differ only in case: {', '.join(same)}"
        for same in folded.values()
        if len(same) > 1
    ]
    odd = sorted({v for v in values[known].tolist() if v.casefold() in WORDS})
    if odd:
        notes.append(f"{', '.join(map(repr, odd))} is taken as a class; empty cells have no label")
    return StoredLabels(values, known, tuple(notes))


def _all_numbers(raw: np.ndarray) -> bool:
    found = [v for v in raw if v is not None]
    kinds = (int, float, np.integer, np.floating)
    return bool(found) and all(isinstance(v, kinds) for v in found)


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


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
        Stored labels: integers or strings, see `read_labels`. A class may be absent from the
        test set: a note names it, and its recall is undefined.
    names : sequence of str, optional
        Names of integer labels. A name without a sample is left out.

    Returns
    -------
    EncodedLabels

    Raises
    ------
    InputError
        If there is only one class, or the training set has no sample of a class in the test set.

    Examples
    --------
    >>> encoded = encode_labels(np.array(["dog", "cat", "dog"]), np.array(["cat", "dog"]))
    >>> encoded.classes, encoded.train.tolist(), encoded.notes
    (('cat', 'dog'), [1, 0, 1], ('labels mapped: cat -> 0, dog -> 1',))
    """
    values = np.unique(train)
    check_several(values, names)
    unseen = np.setdiff1d(test, values).tolist()
    if unseen:
        near = {str(value).casefold() for value in values} & {str(v).casefold() for v in unseen}
        raise InputError(
            f"the training set has no sample of class {some(unseen, names)}"
            + ("; the two sets write their labels in another case or type" if near else "")
        )
    notes = []
    if names is not None and len(values) < len(names):
        absent = np.setdiff1d(np.arange(len(names)), values).tolist()
        notes.append(f"classes without a sample left out: {some(absent, names)}")
    classes = tuple(_name(v, names) for v in values.tolist())
    if values.dtype.kind not in "iu" or not np.array_equal(values, np.arange(len(values))):
        notes.append("labels mapped: " + _mapped([f"{v!s} -> {k}" for k, v in enumerate(values)]))
    untested = np.setdiff1d(values, test).tolist()
    if untested:
        notes.append(
            f"the test set has no sample of class {some(untested, names)}: its recall is "
            "undefined, and averages are over the other classes"
        )
    return EncodedLabels(
        classes, np.searchsorted(values, train), np.searchsorted(values, test), tuple(notes)
    )


def check_several(values: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Raise an InputError unless there are at least two different labels."""
    if len(values) == 0:
        raise InputError("DATA holds no labeled training sample")
    if len(values) < 2:
        only = some(values.tolist(), names)
        raise InputError(
            f"DATA holds only one class ({only}); at least 2 are needed. A label that is empty, "
            "-1 or, among numbers, NA is missing: if one of these is a class, write it otherwise"
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
        whole = labels.astype(np.int64) if (np.abs(labels) < 2**53).all() else None
        if whole is None or not np.array_equal(whole, labels):
            raise InputError(
                "the label column holds measurements or missing values, not classes: "
                "name the right column with --label"
            )
        return whole
    return labels.astype(str) if labels.dtype.kind == "O" else labels


def _name(value: object, names: Sequence[str] | None) -> str:
    return names[value] if names is not None and isinstance(value, int) else str(value)


def _mapped(pairs: Sequence[str]) -> str:
    """Return what labels become, of many the first and the last."""
    shown = pairs if len(pairs) <= 5 else [*pairs[:3], "...", pairs[-1]]
    return ", ".join(shown)


def some(values: Sequence[object], names: Sequence[str] | None = None) -> str:
    """Return up to 20 labels by name, separated by commas."""
    shown = ", ".join(_name(v, names) for v in values[:20])
    return shown + (", ..." if len(values) > 20 else "")
