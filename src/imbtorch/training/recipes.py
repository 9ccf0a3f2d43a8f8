"""Recipes by name: each row of the papers' tables is one."""

import copy
import difflib
import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from imblearn.over_sampling import SMOTE, SVMSMOTE, BorderlineSMOTE, RandomOverSampler
from torch import nn

from imbtorch.data.samplers import ClassBalancedSampler
from imbtorch.errors import InputError
from imbtorch.losses.balanced_softmax import BalancedSoftmaxLoss
from imbtorch.losses.cdt import CDTLoss
from imbtorch.losses.focal import FocalLoss
from imbtorch.losses.ldam import LDAMLoss
from imbtorch.losses.logit_adjusted import LogitAdjustedLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.models.classifier import CosineHead
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.up_to import UpToNeighbors
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.refit import RefitHead
from imbtorch.training.tau_norm import TauNormalize
from imbtorch.training.train import Train
from imbtorch.transforms.aos import AOS
from imbtorch.transforms.m2m import M2m
from imbtorch.transforms.mixup import Mixup, Remix

DEFERRAL = 0.8
"""Fraction of the epochs after which a deferred method starts (160 of 200)."""


def _deferred(epochs: int, **later: Any) -> list[Phase]:
    """Train as the rest of `later` says, and in the last fifth with sampler, weights, batch."""
    rest = max(1, round(epochs * (1 - DEFERRAL)))
    loss = {k: v for k, v in later.items() if k == "loss"}
    return [Train(epochs - rest, **loss), Train(rest, **later)]


def _translating(epochs: int, loss: Any = nn.CrossEntropyLoss, **constants: Any) -> list[Phase]:
    """Balanced batches with M2m in the last fifth of the epochs."""
    batch = partial(M2m, **constants)
    return _deferred(epochs, loss=loss, sampler=ClassBalancedSampler, batch=batch)


AMO: dict[str, Any] = {"accept": "loss"}
"""What the AMO paper has otherwise than M2m: it accepts by g's loss."""

_SMALL_CLASSES = {"k_neighbors": UpToNeighbors(n_neighbors=6)}
"""5 neighbours as everywhere, or as many as the class has."""

_PHASES: dict[str, Callable[[int], list[Phase]]] = {
    "erm": lambda n: [Train(n)],
    "base": lambda n: [Train(n)],
    "ros": lambda n: [Train(n, resample=RandomOverSampler)],
    "smote": lambda n: [Train(n, resample=partial(SMOTE, **_SMALL_CLASSES))],
    "b-smote": lambda n: [Train(n, resample=partial(BorderlineSMOTE, **_SMALL_CLASSES))],
    "svm-smote": lambda n: [Train(n, resample=partial(SVMSMOTE, **_SMALL_CLASSES))],
    "aos": lambda n: [Train(n, resample=RandomOverSampler, batch=AOS)],
    "mixup": lambda n: [Train(n, batch=Mixup)],
    "remix": lambda n: [Train(n, batch=Remix)],
    "rs": lambda n: [Train(n, sampler=ClassBalancedSampler)],
    "rw": lambda n: [Train(n, weights=inverse_frequency_weights)],
    "cb-rw": lambda n: [Train(n, weights=effective_number_weights)],
    "drs": lambda n: _deferred(n, sampler=ClassBalancedSampler),
    "drw": lambda n: _deferred(n, weights=effective_number_weights),
    "focal": lambda n: [Train(n, loss=FocalLoss)],
    "balanced-softmax": lambda n: [Train(n, loss=BalancedSoftmaxLoss)],
    "logit-adjustment": lambda n: [Train(n, loss=LogitAdjustedLoss)],
    "cdt": lambda n: [Train(n, loss=CDTLoss)],
    "ldam": lambda n: [Train(n, loss=LDAMLoss)],
    "ldam-drw": lambda n: _deferred(n, loss=LDAMLoss, weights=effective_number_weights),
    "m2m": lambda n: _translating(n),
    "ldam-m2m": lambda n: _translating(n, loss=LDAMLoss),
    "amo": lambda n: _translating(n, **AMO),
    "ldam-amo": lambda n: _translating(n, loss=LDAMLoss, **AMO),
    "amo-lam0": lambda n: _translating(n, **{**AMO, "lam": 0.0}),
    "m2m-clean": lambda n: _translating(n, clean=True),
    "m2m-rs": lambda n: [Train(n, sampler=ClassBalancedSampler, batch=M2m)],
    "m2m-rs-rand": lambda n: [
        Train(n, sampler=ClassBalancedSampler, batch=partial(M2m, random_label=True))
    ],
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
        One of `RECIPES`:

        - erm: plain training, which the AOS poster calls base.
        - ros (random over-sampling), smote, b-smote (borderline), svm-smote: over-sampling of
          the inputs before training, so that an epoch holds the largest class K times.
        - rs (class-balanced sampling), rw and cb-rw (class weights), drs and drw (rs and cb-rw
          deferred to the last fifth of the epochs).
        - aos (over ros), mixup, remix.
        - focal, balanced-softmax, logit-adjustment, cdt, ldam, ldam-drw.
        - m2m and ldam-m2m (deferred), amo and ldam-amo (the same, accepted by loss).
        - The ablations amo-lam0 (without the regulariser), m2m-clean (seeds as they are), m2m-rs
          (not deferred) and m2m-rs-rand (not deferred, random labels).
        - eos, crt (a new head by class-balanced sampling), tau-norm (class weights of equal
          length).
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
    AMO (ICLR 2020 submission), Tables 1 to 3; AOS poster, Tables 1 and 2; EOS (Dablain et al.),
    Table II. DRW weighs by the effective number, as LDAM-DRW does.

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


def with_batch_options(recipe: Recipe, **options: Any) -> Recipe:
    """Return a recipe with other parameters for the batch transform of its last phase.

    Parameters
    ----------
    recipe : Recipe
        One whose last phase is `Train` with a `batch`, as ``make_recipe("m2m")``. Not changed.
    **options
        Parameters of the transform, such as `M2m`'s beta.

    Raises
    ------
    InputError
        If the recipe has no batch transform, or that has no such parameter.

    Examples
    --------
    >>> aos = with_batch_options(make_recipe("aos"), epsilon=0.1)
    >>> aos.describe()["phases"][-1]["batch"]["epsilon"]
    0.1
    """
    last = copy.copy(recipe.phases[-1])
    if not isinstance(last, Train) or last.batch is None:
        raise InputError(f"recipe {recipe.name} has no batch transform in its last phase")
    known = inspect.signature(last.batch).parameters
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"options are {unknown}; the batch transform has {', '.join(known)}")
    last.batch = partial(last.batch, **options)
    return replace(recipe, phases=[*recipe.phases[:-1], last])
