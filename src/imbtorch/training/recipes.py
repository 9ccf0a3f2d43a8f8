"""Recipes by name: each row of the papers' tables is one."""

import copy
import difflib
import inspect
from dataclasses import replace
from functools import partial
from typing import Any

from imbtorch.errors import InputError
from imbtorch.models.classifier import CosineHead
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipe_parts import HEADS, LOSSES, METHODS
from imbtorch.training.train import Train

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
