"""Checks of samples and labels as they are stored or given: any kind of label, any shape."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.finite import are_finite, first, not_finite, odd_rows
from imbtorch.errors import InputError


def check_samples(
    x: NDArray[Any], y: NDArray[Any], names: tuple[str, str] = ("features", "labels")
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return stored samples and labels, in the machine's byte order, if they can be used.

    Parameters
    ----------
    x : ndarray of shape (N, ...)
        Real, finite numbers.
    y : ndarray of shape (N,)
        Labels: whole numbers or strings, none missing; bytes become strings.
    names : tuple of str
        What the errors call the two.

    Examples
    --------
    >>> x, y = check_samples(np.zeros((2, 3), ">f4"), np.array([b"cat", b"dog"]))
    >>> x.dtype.isnative, y.tolist()
    (True, ['cat', 'dog'])
    """
    x = check_features(x, names[0])
    if y.shape != x.shape[:1]:
        raise InputError(
            f"{names[1]} has shape {y.shape}; {names[0]} of shape {x.shape} needs one label per "
            f"row, shape ({len(x)},)"
        )
    check_classes(y, names[1])
    if y.dtype.kind == "f" and len(odd := np.flatnonzero(~np.isfinite(y) | (y != np.trunc(y)))):
        raise InputError(
            f"{names[1]} holds {y[odd[0]]:g} in row {odd[0]}; whole numbers or strings are needed"
        )
    try:
        return x, _native(y.astype(str) if y.dtype.kind in "SO" else y)
    except UnicodeDecodeError as error:
        raise InputError(f"{names[1]} holds bytes that are no ASCII text: {error}") from error


def check_features(x: NDArray[Any], name: str = "features") -> NDArray[Any]:
    """Return stored samples (N, ...), at least one, in the machine's byte order: finite numbers.

    Examples
    --------
    >>> check_features(np.array([["red"], ["blue"]]))
    Traceback (most recent call last):
    imbtorch.errors.InputError: features is of type <U4; real numbers are needed
    """
    if x.dtype.kind not in "biuf":
        raise InputError(f"{name} is of type {x.dtype}; real numbers are needed")
    if x.ndim < 2 or x.size == 0:
        raise InputError(
            f"{name} has shape {x.shape}; at least one row and one column, (N, D), are needed"
        )
    x = _native(x)
    if not are_finite(x):
        raise not_finite(name, odd_rows(x), len(x))
    return x


def check_classes(y: NDArray[Any], name: str = "y") -> None:
    """Raise an InputError unless labels are all numbers or all strings, and none is missing.

    Examples
    --------
    >>> check_classes(np.array(["cat", None, "dog"], dtype=object))
    Traceback (most recent call last):
    imbtorch.errors.InputError: y is missing in 1 of 3 rows (1); fill it or leave these rows out
    """
    if y.dtype.kind not in "biufUSO":
        raise InputError(f"{name} is of type {y.dtype}; whole numbers or strings are needed")
    if missing := _missing(y):
        raise InputError(
            f"{name} is missing in {len(missing)} of {len(y)} rows ({first(missing)}); fill it or "
            "leave these rows out"
        )
    if y.dtype.kind == "O" and y.ndim == 1:
        numbers, strings = (all(isinstance(v, kind) for v in y) for kind in (_NUMBER, str))
        if not (numbers or strings):
            kinds = ", ".join(sorted({type(v).__name__ for v in y}))
            raise InputError(
                f"{name} holds values of type {kinds}; all numbers or all strings are needed"
            )


_NUMBER = (Real, np.bool_)


def _missing(y: NDArray[Any]) -> list[int]:
    """Return the rows whose label is None, NaN or pandas' NA."""
    if y.dtype.kind == "f":
        rows: list[int] = np.flatnonzero(np.isnan(y)).tolist()
        return rows
    if y.dtype.kind != "O":
        return []
    return [i for i, value in enumerate(y) if is_missing(value)]


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN or pandas' NA."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # pandas' NA is neither equal nor unequal to itself
        return type(value).__name__ == "NAType"


def _native(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(values.dtype.newbyteorder("="), copy=False)
