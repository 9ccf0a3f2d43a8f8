"""Methods for one kind of samples, rows of numbers or images, are refused on others in time."""

from functools import partial
from typing import Any

import torch
from torch.utils.data import Dataset

from imbtorch.data.as_float import as_float
from imbtorch.errors import InputError
from imbtorch.training.branch import branch_slot
from imbtorch.training.phases.on_inputs import OnInputs
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipe_parts import explained
from imbtorch.training.slots import build, name_of
from imbtorch.training.try_out import KNOWN


def check_samples(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if a recipe needs rows of numbers, or images, and the samples are not."""
    check_rows(recipe, train)
    check_images(recipe, train)


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


def check_images(recipe: Recipe, train: Dataset[Any]) -> None:
    """Raise an InputError if parts of a recipe need images and the samples are none."""
    shape = tuple(torch.as_tensor(train[0][0]).shape)
    image = len(shape) == 3
    parts = image_parts(recipe)
    colors = (1, 3) if any(not only_shape for only_shape in parts.values()) else None
    if not parts or (image and (colors is None or shape[0] in colors)):
        return
    if image:
        parts = {part: only_shape for part, only_shape in parts.items() if not only_shape}
    raise InputError(
        f"recipe {explained(recipe.name)}: images (C, H, W){' with 1 or 3 channels' * bool(colors)}"
        f" are needed by {' and '.join(parts)}, and these samples have the shape {shape}: leave "
        "that out of its name; for other numbers there are mixup, remix and proco:views=0"
    )


def image_parts(recipe: Recipe) -> dict[str, bool]:
    """Return what of a recipe needs images -> whether any number of channels will do.

    Examples
    --------
    >>> from imbtorch.training.recipes import make_recipe
    >>> [image_parts(make_recipe(name)) for name in ("cutmix", "mixup", "proco:views=1")]
    [{'CutMix': True}, {}, {'ProCo (views=1)': False}]
    """
    parts = {}
    for phase in recipe.phases:
        batch = getattr(phase, "batch", None)
        if getattr(batch.func if isinstance(batch, partial) else batch, "of_images", False):
            parts[name_of(batch)] = True
    branch = build(branch_slot(recipe), KNOWN)
    if branch is not None and branch.views:
        parts[f"{type(branch).__name__} (views={branch.views})"] = False
    if recipe.augment is not None:
        parts[f"the augmentation {recipe.augment}"] = False
    return parts
