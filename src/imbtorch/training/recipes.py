"""Recipes by name: each row of the papers' tables is one."""

import difflib
import inspect
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import FunctionType
from typing import Any

from imbtorch.errors import InputError
from imbtorch.models.classifier import CosineHead
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.recipe_parts import HEADS, LOSSES, METHODS

_SHORT = {
    "base": "erm",
    "cnn": "erm",
    "cnn-cl": "erm+knn",
    "dos-lr": "dos+lr",
    "dos-knn": "dos+knn",
    "ldam-drw": "ldam+drw",
    "ldam-m2m": "ldam+m2m",
    "ldam-amo": "ldam+amo",
}
_PLACES = ("batch", "resample", "sampler")
_PARTS = {"loss": LOSSES, "method": METHODS, "head": HEADS}
RECIPES = (*METHODS, *LOSSES, *HEADS, *_SHORT)
"""Names that `make_recipe` takes; a loss, a method and a head may be joined by ``+``."""


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

        - erm: plain training, called base and cnn as well.
        - ros (random over-sampling), smote, b-smote (borderline), svm-smote, balanced-svm:
          over-sampling of the inputs before training, so that an epoch holds the largest class
          K times.
        - rs (class-balanced sampling), rw and cb-rw (class weights), drs and drw (rs and cb-rw
          deferred to the last fifth of the epochs).
        - aos (over ros), mixup, remix.
        - dos (a quarter of the epochs plain, then three rounds of deep over-sampling), and what
          it was compared with: lmle (the same with rounds of large-margin local embedding) and
          triplet (TL-RS-CSL), both classified by the 20 nearest neighbours.
        - m2m (deferred), amo (the same, accepted by loss); the ablations amo-lam0 (without the
          regulariser), m2m-clean (seeds as they are), m2m-rs (not deferred) and m2m-rs-rand (not
          deferred, random labels).

        Heads, trained again on embeddings afterwards:

        - eos (10 neighbours), eos-50, eos-100, eos-200, eos-300.
        - head-ros, head-smote, head-b-smote, head-svm-smote, head-balanced-svm: over-sampling
          of the embeddings.
        - crt (class-balanced sampling), tau-norm (class weights of equal length).
        - lr (logistic regression), knn (the 5 nearest neighbours).

        Options of the method follow a colon each: ``m2m:beta=0.99:lam=0.5``,
        ``eos:n_neighbors=30`` (see `with_options`).

        Short for two: ldam-drw, ldam-m2m, ldam-amo, dos-lr, dos-knn, cnn-cl (erm+knn).
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
    >>> make_recipe("m2m:beta=0.99").phases[-1].describe()["batch"]["beta"]
    0.99
    """
    if not isinstance(name, str):
        raise InputError(f"recipe is a {type(name).__name__}; a name, or a Recipe, is needed")
    if not epochs >= 1 or epochs % 1:
        raise InputError(f"epochs is {epochs}; it must be a whole number of at least 1")
    plain, *options = name.split(":")
    chosen: dict[str, str] = {}
    for part in _SHORT.get(plain, plain).split("+"):
        kind = next((k for k, table in _PARTS.items() if part in table), None)
        if kind is None:
            near = difflib.get_close_matches(part, RECIPES, 1, cutoff=0.4)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"recipe is {name!r}; {hint}known are {', '.join(RECIPES)}")
        if kind in chosen:
            raise InputError(f"recipe is {name!r}; {chosen[kind]} and {part} are both a {kind}")
        chosen[kind] = part
    loss = {"loss": LOSSES[chosen["loss"]]} if "loss" in chosen else {}
    method = chosen.get("method", "erm")
    if loss and method == "triplet":
        raise InputError(f"recipe is {name!r}; triplet is a loss itself and takes no other")
    phases = METHODS[method](epochs, loss)
    if "head" in chosen:
        phases = [phase for phase in phases if phase.trains_network] + [HEADS[chosen["head"]]()]
    recipe = Recipe(name, phases, CosineHead if chosen.get("loss") == "ldam" else None)
    return with_options(recipe, **dict(map(_parsed, options))) if options else recipe


def with_options(recipe: Recipe, **options: Any) -> Recipe:
    """Return a recipe with other parameters of its method.

    Parameters
    ----------
    recipe : Recipe
        Not changed.
    **options
        Parameters of a phase (`DeepOversample`'s k_minority), of its batch transform (`M2m`'s
        beta) or of its over-sampler (`EOS`'s n_neighbors). Every phase that knows all of them
        takes them.

    Raises
    ------
    InputError
        If no phase knows all of them; those that are known are listed.

    Examples
    --------
    >>> aos = with_options(make_recipe("aos"), epsilon=0.1)
    >>> aos.describe()["phases"][-1]["batch"]["epsilon"]
    0.1
    """
    phases = [_changed(phase, options) for phase in recipe.phases]
    if all(new is old for new, old in zip(phases, recipe.phases, strict=True)):
        known = sorted({n for phase in recipe.phases for s in _slots(phase) for n in s[1]})
        raise InputError(
            f"recipe {recipe.name} has no phase that knows {', '.join(options)}: its options are "
            f"{', '.join(known) or 'none'}"
        )
    return replace(recipe, phases=phases)


def _slots(phase: Phase) -> list[tuple[str, list[str]]]:
    """Return the places of a phase that have options, each with their names; itself is ""."""
    own = [n for n in vars(phase) if n not in ("epochs", "loss", "weights", *_PLACES)]
    slots = [("", own)]
    for place in _PLACES:
        slot = getattr(phase, place, None)
        if isinstance(slot, (type, partial, FunctionType)):
            slots.append((place, list(inspect.signature(slot).parameters)))
    return slots


def _changed(phase: Phase, options: Mapping[str, Any]) -> Phase:
    for place, names in _slots(phase):
        if set(options) <= set(names):
            _check_kinds(getattr(phase, place) if place else type(phase), options)
            changed = {place: partial(getattr(phase, place), **options)} if place else options
            own = set(inspect.signature(type(phase)).parameters) & set(vars(phase))
            return type(phase)(**{n: getattr(phase, n) for n in own} | dict(changed))
    return phase


def _check_kinds(slot: Any, options: Mapping[str, Any]) -> None:
    """Raise an InputError if a word is given where the default is a number."""
    for name, value in options.items():
        default = inspect.signature(slot).parameters[name].default
        if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
            raise InputError(f"{name} is {value!r}; a value like {default!r} is needed")


def _parsed(text: str) -> tuple[str, Any]:
    """Return name and value of ``name=value``; the value is JSON, or else a word."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise InputError(f"recipe has the option {text!r}; name=value is needed")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
