"""Imbalance profiles by name, as the command line takes them."""

from collections.abc import Callable

import numpy as np

from imbtorch.data.profiles import (
    exponential_counts,
    linear_counts,
    make_imbalanced,
    step_counts,
)
from imbtorch.data.reductions import gaussian_reduction, random_reduction
from imbtorch.errors import InputError

PROFILES: dict[str, Callable[..., list[int]]] = {
    "exponential": exponential_counts,
    "step": step_counts,
    "linear": linear_counts,
}
REDUCTIONS: dict[str, Callable[..., list[int]]] = {
    "random": random_reduction,
    "gaussian": gaussian_reduction,
}


def make_profile(
    y: np.ndarray, num_classes: int, profile: str, ratio: float, data_seed: int
) -> tuple[np.ndarray, str]:
    """Choose the rows that a profile keeps.

    Parameters
    ----------
    y : ndarray of shape (N,)
        Labels 0..K-1.
    num_classes : int
        Number of classes K.
    profile : str
        - exponential, step, linear: from the smallest class's count down to that over the ratio.
        - step:MU: step with a fraction MU of minority classes.
        - random:P: four classes, chosen at random, lose a fraction P of their samples.
        - gaussian:P: a fraction P of all samples is removed, class by class as a Gaussian has it.
        - none: everything stays; auto: see `load_data`.
    ratio : float
        Imbalance ratio rho of the first four.
    data_seed : int
        Decides which classes are reduced and which samples stay.

    Returns
    -------
    rows : ndarray of int64
        Ascending.
    words : str
        The profile in words, which `load_splits_for` understands.

    Raises
    ------
    InputError
        If there is no such profile, or it leaves a class without a sample.

    Examples
    --------
    >>> rows, words = make_profile(np.arange(100) % 5, 5, "random:0.9", 1, data_seed=0)
    >>> len(rows), words
    (28, 'random:0.9, ratio 10')
    """
    counts = np.bincount(y)
    measured = counts.max() / counts.min()
    if profile == "auto":
        profile = "exponential" if measured < 2 and counts.min() >= ratio else "none"
    if profile == "none":
        return np.arange(len(y)), f"as stored, ratio {measured:.4g}"
    name, colon, number = profile.partition(":")
    if name in REDUCTIONS:
        kept = REDUCTIONS[name](counts, _fraction(profile, number), random_state=data_seed)
        ratio = max(kept) / min(kept)
        return make_imbalanced(y, kept, data_seed), f"{profile}, ratio {ratio:.4g}"
    if name not in PROFILES or (colon and name != "step"):
        known = f"auto, none, {', '.join(PROFILES)}, step:0.3, random:0.9, gaussian:0.2"
        raise InputError(f"profile is {profile!r}; known are {known}")
    share = {"minority_fraction": _fraction(profile, number)} if colon else {}
    wanted = PROFILES[name](int(counts.min()), num_classes, ratio, **share)
    return make_imbalanced(y, wanted, data_seed), f"{profile}, ratio {ratio:g}"


def _fraction(profile: str, number: str) -> float:
    try:
        return float(number)
    except ValueError:
        raise InputError(f"profile is {profile!r}; a number must follow the colon") from None
