"""Checkpoints: weights as safetensors, everything else as JSON in the same file's header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.files import write_atomically
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, Spec
from imbtorch.training.checksum import CHECKSUM, checksum
from imbtorch.training.slots import Json


class DataHeader(TypedDict, total=False):
    """What a checkpoint records about its training data."""

    name: str
    profile: dict[str, object]
    parts: list[str]
    hash: str
    data_seed: int
    classes: list[str]
    counts: list[int]


class Header(TypedDict, total=False):
    """What a checkpoint records about itself, plus whatever `save_checkpoint` was given."""

    spec: Spec | None
    recipe: dict[str, Json]
    seed: int
    data: DataHeader
    input: dict[str, object]
    seconds: float
    versions: dict[str, str]


KEY = "imbtorch"
"""Metadata key under which a file keeps its header."""


def save_checkpoint(
    path: str | Path, model: Classifier, header: Mapping[str, object] | None = None
) -> None:
    """Write a network and its header to one file, all or nothing.

    Parameters
    ----------
    path : str or Path
        File to write, usually ``*.safetensors``; replaced if it exists.
    model : Classifier
        Its parameters, its buffers and the `spec` it was built from are stored.
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
    tensors = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    write_tensors(Path(path), tensors, {**(header or {}), "spec": model.spec})


def write_tensors(path: Path, tensors: dict[str, Tensor], header: Mapping[str, object]) -> None:
    """Write tensors and a JSON-ready header to one file with a checksum, all or nothing.

    If that fails, an OSError is raised and a file that existed before stays unchanged.
    """
    text = json.dumps(header)
    # not save_file, which leaves a temporary file of its own when it is killed
    write_atomically(path, save(tensors, {KEY: text, CHECKSUM: checksum(text, tensors)}))


def load_checkpoint(path: str | Path, model: Classifier | None = None) -> tuple[Classifier, Header]:
    """Read what `save_checkpoint` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    model : Classifier, optional
        Network that takes the weights; required unless `build_model` made the stored one.

    Returns
    -------
    model : Classifier
        In evaluation mode, on the CPU.
    header : dict
        What was passed to `save_checkpoint`, plus ``spec``.

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
            metadata = file.metadata() or {}
            text = metadata.get(KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"checkpoint {str(path)!r} is damaged: {error}") from error
    if text is None:
        raise InputError(f"checkpoint {str(path)!r} was not written by imbtorch: it has no header")
    try:
        header: Header = json.loads(text)
        spec = header["spec"]
        if model is None and spec is None:
            raise InputError(f"checkpoint {str(path)!r} holds a custom network: pass it as model")
        network = build_model(**spec) if model is None and spec is not None else model
        assert network is not None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"checkpoint {str(path)!r} has a damaged header: {error}") from error
    if metadata.get(CHECKSUM, expected := checksum(text, tensors)) != expected:
        raise InputError(f"checkpoint {str(path)!r} is damaged: its checksum differs")
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"checkpoint {str(path)!r} does not fit the model: {error}") from error
    return network.eval(), header
