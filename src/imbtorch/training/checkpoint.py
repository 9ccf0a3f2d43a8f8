"""Checkpoints: weights as safetensors, everything else as JSON in the same file's header."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.extras import MissingExtra
from imbtorch.models.backbones import is_own
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, Spec
from imbtorch.training.checksum import CHECKSUM, checksum
from imbtorch.training.header import Header, parse_header
from imbtorch.training.shared_backbone import SHARED, shared_name, shared_path
from imbtorch.training.tensor_file import KEY, tensors_of, write_tensors


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
    write_tensors(Path(path), tensors_of(model), {**(header or {}), "spec": model.spec})


def load_checkpoint(
    path: str | Path, model: Classifier | str | None = None
) -> tuple[Classifier, Header]:
    """Read what `save_checkpoint` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    model : Classifier or str, optional
        Network that takes the weights; required unless `build_model` made the stored one. For a
        network from a file of your own, its name, ``path/to/module.py:factory``: no code is run
        because a checkpoint names it.

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

    def check_fit(header: Header, shapes: Mapping[str, list[int]]) -> None:
        spec = _named(header["spec"], model, path)
        if is_own(spec["name"]):
            return  # how large it is, its own code decides
        with torch.device("meta"):  # takes no memory, whatever the sizes
            _load(_build(spec, path), {n: torch.empty(s) for n, s in shapes.items()}, path)

    if isinstance(model, Classifier):
        header, tensors = _read(path)
        network = model
    else:
        header, tensors = _read(path, check_fit)
        network = _build(_named(header["spec"], model, path), path)
    _load(network, tensors, path)
    return network.eval(), header


def _named(spec: Spec | None, model: object, path: Path) -> Spec:
    """Return what the network is built from, with the name that the user gives a file's function.

    The name in the header itself never makes code run.
    """
    if spec is None:
        raise InputError(f"checkpoint {str(path)!r} holds a custom network: pass it as model")
    name = spec["name"]
    if model is None and is_own(name):
        raise InputError(
            f"checkpoint {str(path)!r} holds a network of {name!r}, a file whose code is run only "
            "if you name it: --model path/to/module.py:factory"
        )
    if model is None or model == name:
        return spec
    if not (isinstance(model, str) and is_own(model) and is_own(name)):
        raise InputError(f"model is {model!r}; checkpoint {str(path)!r} holds {name!r}")
    return {**spec, "name": model}


def check_checkpoint(path: Path) -> None:
    """Raise an InputError if a checkpoint is missing or damaged; no network is built.

    A file that it shares with others is not looked at.
    """
    _read(path, follow=False)


def header_of(path: Path) -> Header:
    """Return the header of a checkpoint, without its tensors; they and its checksum are not read.

    Raises
    ------
    InputError
        If the file is missing or no checkpoint.
    """
    try:
        with safe_open(path, "pt") as file:
            return _header(file.metadata() or {}, path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"checkpoint {str(path)!r} cannot be read: {_short(error)}") from error


def _read(
    path: Path,
    check: Callable[[Header, Mapping[str, list[int]]], None] | None = None,
    *,
    follow: bool = True,
) -> tuple[Header, dict[str, Tensor]]:
    """Return header and tensors; `check` sees the header and shapes before tensors are read."""
    if not path.is_file():
        raise InputError(f"checkpoint is {str(path)!r}; there is no such file")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            header = _header(metadata, path)
            shared = _shared(header, path) if follow and SHARED in header else {}
            shapes_of_all = {**{n: [*t.shape] for n, t in shared.items()}, **shapes}
            if check is not None:
                check(header, shapes_of_all)
            tensors = {name: file.get_tensor(name) for name in shapes}
    except (SafetensorError, OSError) as error:
        raise InputError(f"checkpoint {str(path)!r} is damaged: {_short(error)}") from error
    if metadata.get(CHECKSUM, expected := checksum(metadata[KEY], tensors)) != expected:
        raise InputError(f"checkpoint {str(path)!r} is damaged: its checksum differs")
    return header, {**shared, **tensors}


def _shared(header: Header, path: Path) -> dict[str, Tensor]:
    """Return the tensors in the file that a checkpoint shares with others beside it."""
    with damaged_header(path):
        other = shared_path(path.parent, header[SHARED])  # type: ignore[literal-required]
    if not other.is_file():
        raise InputError(
            f"checkpoint {str(path)!r} holds a head alone; its frozen network, {other.name}, is "
            "not beside it: keep both files in one folder"
        )
    tensors = _read(other, follow=False)[1]
    if shared_name(tensors) != header[SHARED]:  # type: ignore[literal-required]
        raise InputError(f"checkpoint {str(path)!r} belongs to another network than {other.name}")
    return tensors


def _header(metadata: Mapping[str, str], path: Path) -> Header:
    if KEY not in metadata:
        raise InputError(f"checkpoint {str(path)!r} was not written by imbtorch: it has no header")
    with damaged_header(path):
        return parse_header(metadata[KEY])


def _build(spec: Spec, path: Path) -> Classifier:
    with damaged_header(path):
        model = build_model(**spec, pretrained=False)
    model.pretrained = None  # unknown: a checkpoint does not hold what training started from
    return model


def _load(network: Classifier, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load tensors into a network, if their names, shapes and kinds of numbers are the same.

    A linear head without a bias gets one if there is one to load: it was made by a phase.
    """
    head = network.head
    if isinstance(head, nn.Linear) and "head.bias" in tensors.keys() - network.state_dict().keys():
        head.bias = nn.Parameter(torch.zeros_like(head.weight[:, 0]))
    try:
        for name, value in network.state_dict().items():
            stored = tensors.get(name, value)
            if not value.is_meta and _kind(stored) != _kind(value):
                raise RuntimeError(f"{name} is of type {stored.dtype}; {value.dtype} is needed")
            if stored.shape != value.shape and stored.shape == value.shape[::-1]:
                shapes = f"{tuple(value.shape)} is needed; it is {tuple(stored.shape)}"
                raise RuntimeError(f"{name}: {shapes}: transpose it")
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(
            f"checkpoint {str(path)!r} does not fit the model: {_short(error)}"
        ) from error


def _kind(value: Tensor) -> object:
    """Return the dtype, but the same for all floats: they may be stored in another precision."""
    return "float" if value.dtype in _FLOATS else value.dtype


_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@contextmanager
def damaged_header(path: str | Path) -> Iterator[None]:
    """Name the checkpoint in the InputErrors of a block that uses its header."""
    try:
        yield
    except MissingExtra:  # the header is right
        raise
    except InputError as error:
        raise InputError(
            f"checkpoint {str(path)!r} has a damaged header: {_short(error)}"
        ) from error


def _short(error: Exception) -> str:
    """Return an error on one line, whatever the file holds."""
    return " ".join(str(error).split())[:500]
