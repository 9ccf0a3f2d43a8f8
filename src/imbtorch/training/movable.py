"""Methods that act on other samples than the given ones are refused before any training.

Tokens and categories cannot be moved.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling import ClusterCentroids
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.as_float import as_float
from imbtorch.errors import InputError
from imbtorch.resampling.smote import SMOTE
from imbtorch.training.recipe import Recipe
from imbtorch.training.slots import build
from imbtorch.training.try_out import KNOWN
from imbtorch.transforms.mixup import Mixup

NUMBERS = (torch.int32, torch.int64)
"""What an embedding layer takes: numbers that name something, between which there is nothing."""


def check_movable(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if a recipe makes new inputs from old ones where these do not allow it.

    Parameters
    ----------
    recipe : Recipe
        Its phases are looked at. What acts on embeddings is right for any inputs.
    train : Dataset
        Its first sample is looked at: integers other than uint8, which are images, are tokens.
    """
    x = as_float(torch.as_tensor(train[0][0]))
    if not x.is_floating_point() and (mover := moves_inputs(recipe, over=x.dtype in NUMBERS)):
        raise InputError(
            f"recipe {recipe.name}: {mover} moves inputs, and these are numbers of tokens "
            f"({str(x.dtype).removeprefix('torch.')}), which cannot be moved; on the command "
            "line, --freeze backbone lets it act on their embeddings"
        )
    mixed = isinstance(train, ArrayDataset) and train.categorical
    if mixed and (mover := moves_categories(recipe)):
        raise InputError(
            f"recipe {recipe.name}: {mover} moves inputs, and some of these are categories or mark "
            "missing values, between which there is nothing: use ros, smote (SMOTENC), mixup, or "
            "methods that act on the loss or on the embeddings, such as head:smote"
        )


def moves_categories(recipe: Recipe) -> str:
    """Return the name of the first method of a recipe that cannot take categories, or nothing.

    `SMOTE` can, see `MixedSMOTE`; Mixup and Remix mix the categories as they mix the labels.

    Examples
    --------
    >>> from imbtorch.training.recipes import make_recipe
    >>> [moves_categories(make_recipe(name)) for name in ("m2m", "smote", "svm-smote", "remix")]
    ['M2m', '', 'SVMSMOTE', '']
    """
    return _mover(recipe, lambda method: issubclass(method, (Mixup, SMOTE)))


def moves_inputs(recipe: Recipe, over: bool = True) -> str:
    """Return the name of the first method of a recipe that makes new inputs; empty if none does.

    Parameters
    ----------
    recipe : Recipe
        Its phases are looked at.
    over : bool, default=True
        Whether to look at over-samplers too.

    Examples
    --------
    >>> from imbtorch.training.recipes import make_recipe
    >>> [moves_inputs(make_recipe(name)) for name in ("m2m", "ros", "smote", "head:smote")]
    ['M2m', '', 'SMOTE', '']
    """
    return _mover(recipe, lambda method: False, over)


def _mover(recipe: Recipe, may: Callable[[type], bool], over: bool = True) -> str:
    """Return the name of the first method that makes new inputs, unless it may."""
    for phase in recipe.phases:
        if not phase.trains_network:
            continue
        batch = getattr(phase, "batch", None)
        method = batch.func if isinstance(batch, partial) else batch
        made = method if isinstance(method, type) else type(method)
        if getattr(method, "moves_inputs", False) and not may(made):
            return _name(method)
        sampler = build(getattr(phase, "resample", None), KNOWN) if over else None
        if _makes_points(sampler) and not may(type(sampler)):
            return type(sampler).__name__
    return ""


def _name(method: object) -> str:
    return str(getattr(method, "__name__", type(method).__name__))


def _makes_points(sampler: object) -> bool:
    """Whether an over-sampler makes new samples, rather than repeat or leave out given ones."""
    if isinstance(sampler, RandomOverSampler):
        return sampler.shrinkage is not None
    return isinstance(sampler, (BaseOverSampler, ClusterCentroids, SMOTEENN, SMOTETomek))
