"""Weights of networks from elsewhere: from a file, or from the library's server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from imbtorch.errors import InputError


@contextmanager
def downloaded(name: str, pretrained: bool | str) -> Iterator[None]:
    """Say in one line that the weights of a library cannot be had, and what else there is."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # each library raises its own types, and those of its client
        if pretrained is not True:
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"model is {name!r}, whose pretrained weights cannot be read or downloaded: train it "
            f"from scratch (--from-scratch), or name their file (--pretrained FILE): {reason}"
        ) from error


def read_weights(path: str) -> dict[str, Tensor]:
    """Return the tensors of a ``.safetensors`` or ``.pth`` file; no code in it is run."""
    if not Path(path).is_file():
        raise InputError(f"pretrained is {path!r}; there is no such file")
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(path)
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of a file that may hold anything
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"pretrained is {path!r}, not a file of weights: {reason}") from error
    for key in ("state_dict", "model"):  # as training programs save them
        if isinstance(values, dict) and isinstance(values.get(key), dict):
            values = values[key]
    if not isinstance(values, dict) or not all(isinstance(v, Tensor) for v in values.values()):
        raise InputError(f"pretrained is {path!r}; a file of tensors by name is needed")
    return values


def load_weights(network: nn.Module, path: str, name: str) -> None:
    """Load the weights in a file into a network without its head; those of a head are left out."""
    values = _without_prefix(read_weights(path), list(network.state_dict()))
    try:
        missing = network.load_state_dict(values, strict=False).missing_keys
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"pretrained is {path!r}, which does not fit {name}: {reason}") from error
    if missing:
        raise InputError(
            f"pretrained is {path!r}, which does not fit {name}: it lacks {len(missing)} tensors, "
            f"such as {missing[0]}; it has {', '.join([*values][:3])}, ..."
        )


def _without_prefix(values: dict[str, Tensor], wanted: list[str]) -> dict[str, Tensor]:
    """Return the tensors by the network's names, without what a program put before all of them.

    ``module.`` is DataParallel's, ``model.`` or ``backbone.`` that of a user's own class.
    """
    first = wanted[0] if wanted else ""
    prefixes = [key.removesuffix(first) for key in values if f".{key}".endswith(f".{first}")]
    prefix = min(prefixes, key=len, default="")
    return {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
