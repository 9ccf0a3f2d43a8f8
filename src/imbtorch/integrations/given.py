"""Checks of what an estimator is given, where scikit-learn's own would be unclear or pass."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from torch import Tensor

from imbtorch.data.array_likes import check_mask, number_labels
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
    check_mask(X, "X")
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
    if getattr(X, "ndim", 0) > 3 and getattr(dtype, "kind", "f") in "iu" and dtype != np.uint8:
        raise InputError(f"X is of type {dtype}; images are uint8 in 0..255 or numbers in 0..1")
    if getattr(dtype, "kind", "f") == "c":  # begins as scikit-learn's estimator checks want it
        raise InputError(f"Complex data not supported: X is of type {dtype}; real numbers needed")
    return X


def _words(X: Any, column: object) -> bool:
    values = X[column]
    if getattr(values, "dtype", None) is None or getattr(values.dtype, "kind", "f") != "O":
        return False
    return any(isinstance(value, str) for value in values)


def check_scale(network: Classifier, x: Tensor) -> None:
    """Raise an InputError if images have another scale than the network normalizes.

    A network from elsewhere knows its pixels; of a built-in one, the mean and standard deviation of
    its training images tell theirs. A little beyond 0..1 is what interpolation leaves.
    """
    front = next(network.features.children(), None)
    if network.spec is None or not isinstance(front, Normalize) or x.ndim != 4:
        return
    low, high = map(float, x.aminmax())
    if "config" in network.spec:
        if x.is_floating_point() and (low < -0.1 or high > 1.1):
            raise InputError(
                f"X has pixels in {low:.4g}..{high:.4g}; model {network.spec['name']!r} normalizes "
                "images itself: give them as uint8 in 0..255 or as numbers in 0..1"
            )
        return
    mean, std = float(front.mean.mean()), float(front.std.mean())
    in_unit = 0 <= mean <= 1 and std <= 0.5  # what lies in 0..1 varies by no more
    beyond = high > max(2, mean + 100 * std)
    if beyond if x.is_floating_point() else not in_unit:
        given = f"{low:.4g}..{high:.4g}" + ("" if x.is_floating_point() else ", in uint8")
        raise InputError(
            f"X has pixels in {given}; those that the network was trained on have a mean of "
            f"{mean:.4g} and a standard deviation of {std:.4g}"
            f"{', uint8 as numbers in 0..1' if in_unit else ''}: give them in the same scale"
        )


def given_labels(y: Any) -> Any:
    """Return y, a Tensor as an array; an InputError names the rows without a label.

    Examples
    --------
    >>> given_labels(["cat", None, "dog"])
    Traceback (most recent call last):
    imbtorch.errors.InputError: y is missing in 1 of 3 rows (1); fill it or leave these rows out
    """
    check_mask(y, "y")
    if isinstance(y, Tensor):
        y = y.cpu().numpy()
    if y is not None:  # an object array, because numpy turns the list ["cat", 3] into strings
        check_classes(np.asarray(y, dtype=object if isinstance(y, (list, tuple)) else None))
    y = number_labels(y)
    kind = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return y if kind is None else np.asarray(y, dtype=kind)  # objects in older versions of pandas


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
