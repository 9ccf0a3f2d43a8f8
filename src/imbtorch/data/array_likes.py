"""What an array-like says beside its numbers, and an array would lose: labels, masks, kinds."""

from numbers import Real
from typing import Any

import numpy as np

from imbtorch.errors import InputError


def check_class_order(values: Any, name: str, *axes: str) -> None:
    """Raise an InputError if a pandas object is not in the order of the classes.

    ``value_counts`` sorts by frequency, while everything here goes by the number of a class:
    labels 0..K-1, or the sorted names.

    Parameters
    ----------
    values : object
        Anything; only what has labels, as pandas objects have, is looked at.
    name : str
        The argument, for the error.
    *axes : {"index", "columns"}
        Which labels are those of classes.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.Series([0, 1, 1]).value_counts()
    >>> check_class_order(counts.sort_index(), "class_counts", "index")
    >>> check_class_order(counts, "class_counts", "index")
    Traceback (most recent call last):
    imbtorch.errors.InputError: the index of class_counts is [1, 0]; that of the classes in their \
order is needed, 0..K-1 or sorted names: take class_counts.sort_index()
    """
    for axis in axes:
        labels = getattr(values, axis, None)
        if labels is None or callable(labels):  # a list has a method of that name
            continue
        if len(labels) and getattr(labels.dtype, "kind", "O") in "iu":
            right = labels.tolist() == list(range(len(labels)))
        else:
            right = labels.is_monotonic_increasing and labels.is_unique
        if not right:
            remedy = f"{name}.sort_index({'' if axis == 'index' else 'axis=1'})"
            raise InputError(
                f"the {axis} of {name} is {labels.tolist()[:10]}; that of the classes in their "
                f"order is needed, 0..K-1 or sorted names: take {remedy}"
            )


def check_mask(values: object, name: str) -> None:
    """Raise an InputError if values are masked: what is under the mask would count as any other."""
    if isinstance(values, np.ma.MaskedArray) and values.mask.any():
        raise InputError(f"{name} has masked values; fill them, or leave out their rows")


def number_labels(y: Any) -> Any:
    """Return labels as numbers if they are numbers among objects, as in ``df.values[:, -1]``.

    Examples
    --------
    >>> number_labels(np.array([0, 1], object)), number_labels(np.array(["a"], object))
    (array([0, 1]), array(['a'], dtype=object))
    """
    objects = getattr(getattr(y, "dtype", None), "kind", "") == "O"
    if not objects or not all(isinstance(label, Real) for label in y):
        return y
    return y.infer_objects() if hasattr(y, "infer_objects") else np.array(y.tolist())
