"""Methods for one kind of samples, rows of numbers or images, are refused on others in time."""

from typing import Any

import torch
from torch.utils.data import Dataset

from imbtorch.data.arrays import as_float
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.errors import InputError
from imbtorch.training.phases.on_inputs import OnInputs
from imbtorch.training.recipe import Recipe


def check_samples(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if a recipe needs rows of numbers, or images, and the samples are not."""
    check_rows(recipe, train)
    check_augmented(recipe, train)


def check_rows(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if a recipe needs rows of numbers and the samples are no such rows."""
    x = as_float(torch.as_tensor(train[0][0]))
    takes_rows = any(isinstance(phase, OnInputs) for phase in recipe.phases)
    if takes_rows and (x.ndim != 1 or not x.is_floating_point()):
        kind = f"shape {tuple(x.shape)} and type {str(x.dtype).removeprefix('torch.')}"
        raise InputError(
            f"recipe {recipe.name} takes rows of numbers, and these samples have {kind}: leave it "
            "out, or, on the command line, let it act on the embeddings of a pretrained network "
            "with --freeze backbone"
        )


def check_augmented(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if a recipe brings an augmentation and the samples are no images.

    Images are (C, H, W), with C = 1 (gray) or 3 (color) channels. An unknown augmentation, or one
    that needs a package that is not installed, is refused as well.
    """
    if recipe.augment is None:
        return
    augment_by_name(recipe.augment)
    shape = tuple(torch.as_tensor(train[0][0]).shape)
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise InputError(
            f"recipe {recipe.name} brings the augmentation {recipe.augment}, and these samples "
            f"have the shape {shape}, where images (C, H, W) with 1 or 3 channels are needed: "
            "leave that part of its name out"
        )
