"""Files of tensors: safetensors with a header in JSON and a checksum over both."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from imbtorch.files import set_aside, write_atomically
from imbtorch.training.checksum import CHECKSUM, checksum

KEY = "imbtorch"
"""Metadata key under which a file keeps its header."""


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a network's tensors as a file stores them; what layers share stands there twice."""
    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in model.state_dict().items():
        stored = value.contiguous().cpu()
        tensors[name] = stored.clone() if stored.data_ptr() in seen else stored
        seen.add(stored.data_ptr())
    return tensors


def write_tensors(path: Path, tensors: dict[str, Tensor], header: Mapping[str, object]) -> None:
    """Write tensors and a JSON-ready header to one file with a checksum, all or nothing.

    If that fails, an OSError is raised and a file that existed before stays unchanged.
    """
    text = json.dumps(header)
    # not save_file, which leaves a temporary file of its own when it is killed
    write_atomically(path, save(tensors, {KEY: text, CHECKSUM: checksum(text, tensors)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return what `write_tensors` wrote; None if there is no file, or it is damaged.

    A damaged file is set aside with a warning, for what it holds to be trained again.
    """
    try:
        with safe_open(path, "pt") as file:
            text, expected = (file.metadata()[key] for key in (KEY, CHECKSUM))
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if checksum(text, stored) != expected:
            raise ValueError("its checksum differs")
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError, LookupError, ValueError, TypeError) as error:
        set_aside(path, "what it holds is trained again", error)
        return None
    return stored, json.loads(text)
