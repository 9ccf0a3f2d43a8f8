"""Checkpoints that share a frozen network: one file holds it, and each of the others its head."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier
from imbtorch.training.checksum import checksum
from imbtorch.training.tensor_file import tensors_of

SHARED = "shared_backbone"
"""Key of a header that holds the checksum of the tensors in the other file."""
HEADER = {"spec": None}
"""Header of the file that others share."""


def shared_tensors(model: Classifier) -> dict[str, Tensor]:
    """Return the frozen part of a network: all of its features but the last layer, by name."""
    last = f"features.{len(list(model.features.children())) - 1}."
    return {
        name: value
        for name, value in tensors_of(model).items()
        if name.startswith("features.") and not name.startswith(last)
    }


def shared_name(tensors: Mapping[str, Tensor]) -> str:
    """Return the checksum by which heads refer to the file that holds these tensors."""
    return checksum(json.dumps(HEADER), tensors)


def shared_path(folder: Path, name: object) -> Path:
    """Return the path of the file of that checksum; an InputError if it is none."""
    if not isinstance(name, str) or not re.fullmatch("[0-9a-f]{64}", name):
        raise InputError(f"{SHARED} is {str(name)[:80]!r}; a SHA-256 is needed")
    return folder / f"backbone-{name[:16]}.safetensors"
