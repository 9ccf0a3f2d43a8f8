"""Checks of what an estimator is given, where scikit-learn's own would be unclear or pass."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from torch import Tensor

from imbtorch.data.samples import check_classes
from imbtorch.errors import InputError
from imbtorch.models.build import suiting
from imbtorch.models.classifier import Classifier, Normalize


def given_samples(X: Any) -> Any:
    """Return X, a Tensor as an array; an InputError names what is not a number.

    Examples
    --------
    >>> given_samples(np.array([["red"], ["blue"]]))
    Traceback (most recent call last):
    imbtorch.errors.InputError: X is of type <U4; real numbers are needed
    """
    if isinstance(X, Tensor):
        X = X.detach().cpu()
        X = (X.float() if X.dtype is torch.bfloat16 else X).numpy()
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        kinds = zip(X.columns, X.dtypes, strict=True)
        words = [c for c, t in kinds if getattr(t, "kind", "f") not in "biufO" or _words(X, c)]
        if words:
            raise InputError(
                f"X has columns that are not numbers: {', '.join(map(str, words[:5]))}"
                f"{', ...' if len(words) > 5 else ''}; encode them or leave them out"
            )
    dtype = getattr(X, "dtype", None)
    if getattr(dtype, "kind", "f") in "USMmV":
        raise InputError(f"X is of type {dtype}; real numbers are needed")
    if getattr(dtype, "kind", "f") == "c":  # begins as scikit-learn's estimator checks want it
        raise InputError(f"Complex data not supported: X is of type {dtype}; real numbers needed")
    return X


def _words(X: Any, column: object) -> bool:
    values = X[column]
    if getattr(values, "dtype", None) is None or getattr(values.dtype, "kind", "f") != "O":
        return False
    return any(isinstance(value, str) for value in values)


def check_unit_pixels(network: Classifier, x: Tensor) -> None:
    """Raise an InputError if a network from elsewhere, which knows its pixels, is given others.

    A little beyond 0..1 is what interpolation leaves.
    """
    if network.spec is None or "config" not in network.spec or not x.is_floating_point():
        return
    front = next(network.features.children())
    low, high = map(float, x.aminmax())
    if isinstance(front, Normalize) and (low < -0.1 or high > 1.1):
        raise InputError(
            f"X has pixels in {low:.4g}..{high:.4g}; model {network.spec['name']!r} normalizes "
            "images itself: give them as uint8 in 0..255 or as numbers in 0..1"
        )


def given_labels(y: Any) -> Any:
    """Return y, a Tensor as an array; an InputError names the rows without a label.

    Examples
    --------
    >>> given_labels(["cat", None, "dog"])
    Traceback (most recent call last):
    imbtorch.errors.InputError: y is missing in 1 of 3 rows (1); fill it or leave these rows out
    """
    if isinstance(y, Tensor):
        y = y.cpu().numpy()
    if y is not None:  # an object array, because numpy turns the list ["cat", 3] into strings
        check_classes(np.asarray(y, dtype=object if isinstance(y, (list, tuple)) else None))
    return y


def numbered(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the classes, at least two, and the labels as numbers 0..K-1."""
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        shown = f"only one class ({classes[0]!s})" if len(classes) else "no label"
        raise InputError(f"y has {shown}; it needs at least 2 classes")
    return classes, codes


def network_name(model: object, shape: tuple[int, ...]) -> str:
    """Return the name of the network for samples of a shape; "auto" chooses one.

    Examples
    --------
    >>> network_name("auto", (4,)), network_name("auto", (3, 32, 32))
    ('mlp', 'resnet32')
    """
    if not isinstance(model, str):
        return "one of the user's own"
    if model != "auto":
        return model
    return suiting(shape)
