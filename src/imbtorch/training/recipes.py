"""Recipes by name: each row of the papers' tables is one."""

import copy
import difflib
import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from imblearn.over_sampling import RandomOverSampler

from imbtorch.data.samplers import ClassBalancedSampler
from imbtorch.errors import InputError
from imbtorch.losses.asymmetric import AsymmetricLoss
from imbtorch.losses.balanced_softmax import BalancedSoftmaxLoss
from imbtorch.losses.cdt import CDTLoss
from imbtorch.losses.focal import FocalLoss
from imbtorch.losses.ldam import LDAMLoss
from imbtorch.losses.logit_adjusted import LogitAdjustedLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.models.classifier import CosineHead
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.smote import BalancedSVM, borderline_smote, smote, svm_smote
from imbtorch.training.deep_oversample import DeepOversample
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.refit import RefitHead
from imbtorch.training.tau_norm import TauNormalize
from imbtorch.training.train import Train
from imbtorch.transforms.aos import AOS
from imbtorch.transforms.m2m import M2m
from imbtorch.transforms.mixup import Mixup, Remix

DEFERRAL = 0.8
"""Fraction of the epochs after which a deferred method starts (160 of 200)."""


Loss = dict[str, Any]
"""``loss=`` of a phase, where it is not cross-entropy."""


def _deferred(epochs: int, loss: Loss, **later: Any) -> list[Phase]:
    """Train, and in the last fifth with the sampler, weights or batch of `later`."""
    rest = max(1, round(epochs * (1 - DEFERRAL)))
    return [Train(epochs - rest, **loss), Train(rest, **loss, **later)]


def _translating(epochs: int, loss: Loss, **constants: Any) -> list[Phase]:
    """Balanced batches with M2m in the last fifth of the epochs."""
    batch = partial(M2m, **constants)
    return _deferred(epochs, loss, sampler=ClassBalancedSampler, batch=batch)


def _rounds(epochs: int, loss: Loss, rounds: int = 3) -> list[Phase]:
    """Plain training, then rounds of deep over-sampling that are as long."""
    rounds, each = min(rounds, epochs - 1), max(1, epochs // (rounds + 1))
    return [
        Train(epochs - rounds * each, **loss),
        *(DeepOversample(each, **loss) for _ in range(rounds)),
    ]


AMO: dict[str, Any] = {"accept": "loss"}
"""What the AMO paper has otherwise than M2m: it accepts by g's loss."""

LOSSES: dict[str, Any] = {
    "focal": FocalLoss,
    "asl": AsymmetricLoss,
    "ldam": LDAMLoss,
    "balanced-softmax": BalancedSoftmaxLoss,
    "logit-adjustment": LogitAdjustedLoss,
    "cdt": CDTLoss,
}

METHODS: dict[str, Callable[[int, Loss], list[Phase]]] = {
    "erm": lambda n, loss: [Train(n, **loss)],
    "ros": lambda n, loss: [Train(n, **loss, resample=RandomOverSampler)],
    "smote": lambda n, loss: [Train(n, **loss, resample=smote)],
    "b-smote": lambda n, loss: [Train(n, **loss, resample=borderline_smote)],
    "svm-smote": lambda n, loss: [Train(n, **loss, resample=svm_smote)],
    "balanced-svm": lambda n, loss: [Train(n, **loss, resample=BalancedSVM)],
    "aos": lambda n, loss: [Train(n, **loss, resample=RandomOverSampler, batch=AOS)],
    "mixup": lambda n, loss: [Train(n, **loss, batch=Mixup)],
    "remix": lambda n, loss: [Train(n, **loss, batch=Remix)],
    "rs": lambda n, loss: [Train(n, **loss, sampler=ClassBalancedSampler)],
    "rw": lambda n, loss: [Train(n, **loss, weights=inverse_frequency_weights)],
    "cb-rw": lambda n, loss: [Train(n, **loss, weights=effective_number_weights)],
    "drs": lambda n, loss: _deferred(n, loss, sampler=ClassBalancedSampler),
    "drw": lambda n, loss: _deferred(n, loss, weights=effective_number_weights),
    "dos": lambda n, loss: _rounds(n, loss),
    "m2m": lambda n, loss: _translating(n, loss),
    "amo": lambda n, loss: _translating(n, loss, **AMO),
    "amo-lam0": lambda n, loss: _translating(n, loss, **{**AMO, "lam": 0.0}),
    "m2m-clean": lambda n, loss: _translating(n, loss, clean=True),
    "m2m-rs": lambda n, loss: [Train(n, **loss, sampler=ClassBalancedSampler, batch=M2m)],
    "m2m-rs-rand": lambda n, loss: [
        Train(n, **loss, sampler=ClassBalancedSampler, batch=partial(M2m, random_label=True))
    ],
}

HEADS: dict[str, Callable[[], Phase]] = {
    "eos": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=10)),
    "eos-50": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=50)),
    "eos-100": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=100)),
    "eos-200": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=200)),
    "eos-300": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=300)),
    "head-ros": lambda: RefitHead(10, resample=RandomOverSampler),
    "head-smote": lambda: RefitHead(10, resample=smote),
    "head-b-smote": lambda: RefitHead(10, resample=borderline_smote),
    "head-svm-smote": lambda: RefitHead(10, resample=svm_smote),
    "head-balanced-svm": lambda: RefitHead(10, resample=BalancedSVM),
    "crt": lambda: RefitHead(10, sampler=ClassBalancedSampler),
    "tau-norm": lambda: TauNormalize(),
}

_SHORT = {
    "base": "erm",
    "ldam-drw": "ldam+drw",
    "ldam-m2m": "ldam+m2m",
    "ldam-amo": "ldam+amo",
}
_PARTS = {"loss": LOSSES, "method": METHODS, "head": HEADS}
RECIPES = (*METHODS, *LOSSES, *HEADS, *_SHORT)


def make_recipe(name: str, epochs: int = 200) -> Recipe:
    """Return the recipe called `name`, spread over a number of epochs.

    Parameters
    ----------
    name : str
        One of `RECIPES`, or a loss, a method and a head joined by ``+``, each at most once:
        ``focal+drw``, ``ldam+eos``, ``asl+smote``.

        Losses: focal, asl (asymmetric), ldam, balanced-softmax, logit-adjustment, cdt; else
        cross-entropy.

        Methods, while the network is trained:

        - erm: plain training, which the AOS poster calls base.
        - ros (random over-sampling), smote, b-smote (borderline), svm-smote, balanced-svm:
          over-sampling of the inputs before training, so that an epoch holds the largest class
          K times.
        - rs (class-balanced sampling), rw and cb-rw (class weights), drs and drw (rs and cb-rw
          deferred to the last fifth of the epochs).
        - aos (over ros), mixup, remix.
        - dos (a quarter of the epochs plain, then three rounds of deep over-sampling).
        - m2m (deferred), amo (the same, accepted by loss); the ablations amo-lam0 (without the
          regulariser), m2m-clean (seeds as they are), m2m-rs (not deferred) and m2m-rs-rand (not
          deferred, random labels).

        Heads, trained again on embeddings afterwards:

        - eos (10 neighbours), eos-50, eos-100, eos-200, eos-300.
        - head-ros, head-smote, head-b-smote, head-svm-smote, head-balanced-svm: over-sampling
          of the embeddings.
        - crt (class-balanced sampling), tau-norm (class weights of equal length).

        Short for two: ldam-drw, ldam-m2m, ldam-amo.
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
    >>> [type(phase).__name__ for phase in make_recipe("focal+drw+eos").phases]
    ['Train', 'Train', 'RefitHead']
    """
    if epochs < 1:
        raise InputError(f"epochs is {epochs}; it must be at least 1")
    chosen: dict[str, str] = {}
    for part in _SHORT.get(name, name).split("+"):
        kind = next((k for k, table in _PARTS.items() if part in table), None)
        if kind is None:
            near = difflib.get_close_matches(part, RECIPES, 1, cutoff=0.4)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"recipe is {name!r}; {hint}known are {', '.join(RECIPES)}")
        if kind in chosen:
            raise InputError(f"recipe is {name!r}; {chosen[kind]} and {part} are both a {kind}")
        chosen[kind] = part
    loss = {"loss": LOSSES[chosen["loss"]]} if "loss" in chosen else {}
    phases = METHODS[chosen.get("method", "erm")](epochs, loss)
    if "head" in chosen:
        phases.append(HEADS[chosen["head"]]())
    return Recipe(name, phases, CosineHead if chosen.get("loss") == "ldam" else None)


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
