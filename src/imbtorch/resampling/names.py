"""Over-samplers by name."""

import difflib
from collections.abc import Callable
from typing import Any

from imblearn.over_sampling import RandomOverSampler

from imbtorch.errors import InputError
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.slot import Resampler
from imbtorch.resampling.smote import BalancedSVM, borderline_smote, smote, svm_smote

RESAMPLERS: dict[str, Callable[..., Resampler]] = {
    "random": RandomOverSampler,
    "smote": smote,
    "borderline-smote": borderline_smote,
    "svm-smote": svm_smote,
    "balanced-svm": BalancedSVM,
    "eos": EOS,
}
"""Name -> over-sampler, for `make_resampler`."""


def make_resampler(
    name: str, n_neighbors: int | None = None, random_state: Any = None
) -> Resampler:
    """Return an over-sampler by name.

    Parameters
    ----------
    name : {"random", "smote", "borderline-smote", "svm-smote", "balanced-svm", "eos"}
        Which one.
    n_neighbors : int, optional
        Neighbours k, by default the method's own number (EOS 10, the SMOTE family 5); random
        takes none.
    random_state : int, RandomState or None, default=None
        Its random state.

    Returns
    -------
    object with ``fit_resample(X, y)``

    Raises
    ------
    InputError
        If there is no such over-sampler (the nearest name is offered).

    Examples
    --------
    >>> make_resampler("eos", 50)
    EOS(n_neighbors=50)
    """
    if name not in RESAMPLERS:
        near = difflib.get_close_matches(name, RESAMPLERS, 1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"method is {name!r}; {hint}known are {', '.join(RESAMPLERS)}")
    if name == "random" and n_neighbors is not None:
        raise InputError(f"n_neighbors is {n_neighbors}; random over-sampling looks at none")
    options = {} if n_neighbors is None else {"n_neighbors": n_neighbors}
    return RESAMPLERS[name](**options, random_state=random_state)
