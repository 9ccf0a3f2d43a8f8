"""Checkpoints: weights as safetensors, everything else as JSON in the same file's header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.files import replacing
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, Spec
from imbtorch.training.slots import Json


class DataHeader(TypedDict, total=False):
    """What a checkpoint says of the data the network was trained on."""

    name: str
    profile: dict[str, object]
    parts: list[str]
    hash: str
    data_seed: int
    classes: list[str]
    counts: list[int]


class Header(TypedDict, total=False):
    """What a checkpoint says of itself; what else was handed to `save_checkpoint` is there too."""

    spec: Spec | None
    recipe: dict[str, Json]
    seed: int
    data: DataHeader
    input: dict[str, object]
    seconds: float
    versions: dict[str, str]


KEY = "imbtorch"
"""Where the header of a file is in its metadata."""


def save_checkpoint(
    path: str | Path, model: Classifier, header: Mapping[str, object] | None = None
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
    tensors = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    write_tensors(Path(path), tensors, {**(header or {}), "spec": model.spec})


def write_tensors(path: Path, tensors: dict[str, Tensor], header: Mapping[str, object]) -> None:
    """Write tensors and a JSON-ready header into one file, all or nothing.

    An OSError says that it could not be; a file that was there is then as it was.
    """
    try:
        with replacing(path) as part:
            save_file(tensors, part, metadata={KEY: json.dumps(header)})
    except FileNotFoundError:  # the folder was removed meanwhile
        raise
    except (SafetensorError, OSError) as error:
        raise OSError(
            f"{str(path)!r} cannot be written ({error}); what was stored before is as it was: make "
            "room or choose another folder, and repeat the command"
        ) from error


def load_checkpoint(path: str | Path, model: Classifier | None = None) -> tuple[Classifier, Header]:
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
            text = (file.metadata() or {}).get(KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"checkpoint {str(path)!r} is damaged: {error}") from error
    if text is None:
        raise InputError(f"checkpoint {str(path)!r} was not written by imbtorch: no header")
    try:
        header: Header = json.loads(text)
        spec = header["spec"]
        if model is None and spec is None:
            raise InputError(f"checkpoint {str(path)!r} holds a network of your own: pass it")
        network = build_model(**spec) if model is None and spec is not None else model
        assert network is not None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"checkpoint {str(path)!r} has a damaged header: {error}") from error
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"checkpoint {str(path)!r} does not fit the model: {error}") from error
    return network.eval(), header
