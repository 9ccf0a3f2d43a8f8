"""Make over-samplers from names with options, such as ``eos:k=50``."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from imbtorch.errors import InputError, unknown_name
from imbtorch.method import Method, parse
from imbtorch.places import OverSampler
from imbtorch.resampling import METHODS

OVER_SAMPLERS: dict[str, Method] = {method.name: method for method in METHODS}
"""Name -> row of the catalog."""


def make_over_sampler(text: str, random_state: object = None) -> OverSampler:
    """Return an over-sampler by name.

    Parameters
    ----------
    text : str
        ros, smote, borderline-smote, svm-smote, balanced-svm, deep-smote, bagan, gamo, cgan or
        eos; each option follows a colon: ``eos:k=50``.
    random_state : int, RandomState or None, default=None
        Random state of the over-sampler.

    Returns
    -------
    object with ``fit_resample(X, y)``

    Raises
    ------
    InputError
        If the over-sampler or an option is unknown (the nearest name is suggested).

    Examples
    --------
    >>> make_over_sampler("eos:k=50")
    EOS(n_neighbors=50)
    """
    name, options = parse(text)
    if name not in OVER_SAMPLERS:
        raise unknown_name("method", name, OVER_SAMPLERS)
    make = OVER_SAMPLERS[name].filled(options).slots["resample"]
    if options:
        try_over_sampler(make)
    return make(random_state=random_state)  # type: ignore[return-value]


def try_over_sampler(make: Callable[..., object]) -> None:
    """Raise an InputError if an over-sampler's options are out of range.

    Over-samplers check their options when they see data (scikit-learn's contract): here, a few
    rows stand in for the user's.
    """
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    y = np.repeat([0, 1], [12, 8])
    sampler: Any = make(random_state=0)
    for name in ("n_neighbors", "m_neighbors"):
        number = getattr(sampler, name, 1)
        if number < 1:
            raise InputError(f"{name} is {number}; it must be at least 1")
        if number > 5:  # whether there are so many, only the data say
            sampler.set_params(**{name: 5})
    ratio = getattr(sampler, "sampling_strategy", None)
    if isinstance(ratio, float) and 0 < ratio <= 1:  # whether the classes are below it, the same
        sampler.set_params(sampling_strategy="auto")
    if getattr(sampler, "steps", 0) > 1:  # of a training: one shows what is out of range
        sampler.set_params(steps=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            sampler.fit_resample(x, y)
        except InputError:
            raise
        except (ValueError, TypeError) as error:
            raise InputError(f"{type(sampler).__name__}: {' '.join(str(error).split())}") from error
