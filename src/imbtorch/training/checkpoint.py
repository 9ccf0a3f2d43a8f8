"""Checkpoints: weights as safetensors, everything else as JSON in the same file's header."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from imbtorch.errors import InputError
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier

_KEY = "imbtorch"


def save_checkpoint(
    path: str | Path, model: Classifier, header: Mapping[str, Any] | None = None
) -> None:
    """Write a network and what is to be known of it into one file, all or nothing.

    Parameters
    ----------
    path : str or Path
        File to write, usually ``*.safetensors``; replaced if it exists.
    model : Classifier
        Its parameters and buffers are stored, and the `spec` it was built from.
    header : mapping, optional
        JSON-ready values, such as ``{"recipe": recipe.describe()}``.

    Examples
    --------
    >>> import tempfile
    >>> from imbtorch import load_checkpoint
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_checkpoint(path, build_model("mlp", (4,), 3), {"recipe": {"name": "erm"}})
    >>> model, header = load_checkpoint(path)
    >>> model.head, header["recipe"]
    (Linear(in_features=256, out_features=3, bias=True), {'name': 'erm'})
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**(header or {}), "spec": model.spec})
    tensors = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    save_file(tensors, part, metadata={_KEY: text})
    part.replace(path)


def load_checkpoint(
    path: str | Path, model: Classifier | None = None
) -> tuple[Classifier, dict[str, Any]]:
    """Read what `save_checkpoint` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    model : Classifier, optional
        Takes the weights; needed for networks not made by `build_model`.

    Returns
    -------
    model : Classifier
        In evaluation mode, on the CPU.
    header : dict
        What was handed to `save_checkpoint`, and ``spec``.

    Raises
    ------
    InputError
        If the file is missing, damaged, not from imbtorch, or does not fit `model`.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"checkpoint is {str(path)!r}; there is no such file")
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"checkpoint {str(path)!r} is damaged: {error}") from error
    if text is None:
        raise InputError(f"checkpoint {str(path)!r} was not written by imbtorch: no header")
    header: dict[str, Any] = json.loads(text)
    if model is None:
        if header["spec"] is None:
            raise InputError(f"checkpoint {str(path)!r} holds a network of your own: hand it over")
        model = build_model(**header["spec"])
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"checkpoint {str(path)!r} does not fit the model: {error}") from error
    return model.eval(), header
