"""Recipes by name: each row of the papers' tables is one."""

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

from imblearn.over_sampling import RandomOverSampler

from imbtorch.data.samplers import ClassBalancedSampler
from imbtorch.errors import InputError
from imbtorch.losses.ldam import LDAMLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.models.classifier import CosineHead
from imbtorch.resampling.eos import EOS
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.refit import RefitHead
from imbtorch.training.tau_norm import TauNormalize
from imbtorch.training.train import Train
from imbtorch.transforms.m2m import M2m

DEFERRAL = 0.8
"""Fraction of the epochs after which a deferred method starts (160 of 200)."""


def _deferred(epochs: int, **later: Any) -> list[Phase]:
    """Train as the rest of `later` says, and in the last fifth with sampler, weights, batch."""
    rest = max(1, round(epochs * (1 - DEFERRAL)))
    loss = {k: v for k, v in later.items() if k == "loss"}
    return [Train(epochs - rest, **loss), Train(rest, **later)]


_PHASES: dict[str, Callable[[int], list[Phase]]] = {
    "erm": lambda n: [Train(n)],
    "ros": lambda n: [Train(n, resample=RandomOverSampler)],
    "rs": lambda n: [Train(n, sampler=ClassBalancedSampler)],
    "rw": lambda n: [Train(n, weights=inverse_frequency_weights)],
    "cb-rw": lambda n: [Train(n, weights=effective_number_weights)],
    "drs": lambda n: _deferred(n, sampler=ClassBalancedSampler),
    "drw": lambda n: _deferred(n, weights=effective_number_weights),
    "ldam": lambda n: [Train(n, loss=LDAMLoss)],
    "ldam-drw": lambda n: _deferred(n, loss=LDAMLoss, weights=effective_number_weights),
    "m2m": lambda n: _deferred(n, sampler=ClassBalancedSampler, batch=M2m),
    "eos": lambda n: [Train(n), RefitHead(10, resample=partial(EOS, n_neighbors=10))],
    "crt": lambda n: [Train(n), RefitHead(10, sampler=ClassBalancedSampler)],
    "tau-norm": lambda n: [Train(n), TauNormalize()],
}
RECIPES = tuple(_PHASES)


def make_recipe(name: str, epochs: int = 200) -> Recipe:
    """Return the recipe called `name`, spread over a number of epochs.

    Parameters
    ----------
    name : str
        erm (plain training), ros (random over-sampling), rs (class-balanced sampling), rw and
        cb-rw (class weights), drs and drw (the same, deferred to the last fifth of the
        epochs), ldam, ldam-drw, m2m (deferred), eos, crt (a new head by class-balanced
        sampling), tau-norm (class weights of equal length).
    epochs : int, default=200
        Epochs of network training, at least 1. A head that is trained again afterwards takes
        10 epochs more, over embeddings.

    Returns
    -------
    Recipe

    Raises
    ------
    InputError
        If there is no such recipe (the nearest name is offered), or `epochs` is below 1.

    References
    ----------
    AMO (ICLR 2020 submission), Table 1; EOS (Dablain et al.), Table II. DRW weighs by the
    effective number, as LDAM-DRW does.

    Examples
    --------
    >>> [phase.epochs for phase in make_recipe("drs", epochs=200).phases]
    [160, 40]
    """
    if name not in _PHASES:
        near = difflib.get_close_matches(name, _PHASES, 1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"recipe is {name!r}; {hint}known are {', '.join(_PHASES)}")
    if epochs < 1:
        raise InputError(f"epochs is {epochs}; it must be at least 1")
    return Recipe(name, _PHASES[name](epochs), CosineHead if name.startswith("ldam") else None)
