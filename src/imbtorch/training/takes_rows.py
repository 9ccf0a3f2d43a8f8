"""Methods for rows of numbers are refused on other data before anything is trained."""

from typing import Any

import torch
from torch.utils.data import Dataset

from imbtorch.data.arrays import as_float
from imbtorch.errors import InputError
from imbtorch.training.phases.on_inputs import OnInputs
from imbtorch.training.recipe import Recipe


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
