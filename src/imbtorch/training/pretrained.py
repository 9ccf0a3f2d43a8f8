"""Networks that several runs share: trained by the first that asks, stored and timed."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch.distributed as dist
from filelock import FileLock
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.files import set_aside
from imbtorch.models.backbones import is_own
from imbtorch.models.classifier import Classifier
from imbtorch.seeding import derive_seed
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
from imbtorch.training.tensor_file import read_tensors, write_tensors


class Trained(Protocol):
    """A trained network and its training time, such as a `FitResult`."""

    @property
    def model(self) -> Classifier:
        """The network."""

    @property
    def seconds(self) -> float:
        """Training time."""


class Pretrained:
    """Provides a run's pretrained network, which is trained when a method first asks for it.

    Over-samplers that train networks of their own keep them here too, see `once`.

    Parameters
    ----------
    make : nn.Module or callable
        The network, or a function () -> `FitResult` that trains it.
    path : Path, optional
        File where the network is kept: the first caller trains it, under a lock, and all others
        read it, in any process; those of a distributed run train it together. Requires a network
        made by `build_model`.
    header : mapping, optional
        JSON-ready values to store with it.
    seed : int, default=0
        What `once` trains with: the data seed, which all runs on the same data have.

    Attributes
    ----------
    seconds : float
        Training time of the network, even if it was trained earlier; 0 before the first call.
    waited : float
        Time that callers have spent waiting for it, which does not count for their own phase.

    Examples
    --------
    >>> pretrained = Pretrained(nn.Linear(2, 3))
    >>> pretrained().out_features, pretrained.seconds
    (3, 0.0)
    """

    def __init__(
        self,
        make: nn.Module | Callable[[], Trained],
        path: Path | None = None,
        header: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> None:
        self._make, self.path, self.header, self.seed = make, path, header or {}, seed
        self._kept: dict[str, tuple[dict[str, Tensor], float]] = {}
        self._network = make if isinstance(make, nn.Module) else None
        self.seconds = self.waited = 0.0

    def __call__(self) -> nn.Module:
        """Return the network, the same one every time."""
        start = time.perf_counter()
        if self._network is None:
            self._network, self.seconds = self._trained()
        self.waited += time.perf_counter() - start
        return self._network

    def check_apart(self, model: nn.Module) -> None:
        """Raise an InputError if the network that was given has parameters that `model` trains."""
        given = {*self._network.parameters()} if self._network is not None else set()
        if shared := [n for n, p in model.named_parameters() if p.requires_grad and p in given]:
            raise InputError(
                f"pretrained shares {shared[0]} with model, whose parameters are trained in place, "
                "so that it would be trained too: pass a copy, copy.deepcopy(network)"
            )

    def once(
        self,
        title: str,
        described: Mapping[str, object],
        train: Callable[[int], tuple[dict[str, Tensor], float]],
    ) -> tuple[dict[str, Tensor], float]:
        """Return the state of further networks, trained by the first that asks for them.

        Parameters
        ----------
        title : str
            Name of the method.
        described : mapping
            JSON-ready values on which they depend, beside the seed; of the data, a checksum.
        train : callable
            Seed -> their state, and the seconds of their training.

        Returns
        -------
        (dict of str to Tensor, float)
        """
        start = time.perf_counter()
        digest = hashlib.sha256(
            json.dumps(described, sort_keys=True, default=_plain).encode()
        ).hexdigest()[:8]
        name = f"{title.lower()}-{digest}"
        seed = derive_seed(self.seed, title)
        if self.path is None:
            if name not in self._kept:
                self._kept[name] = train(seed)
            found = self._kept[name]
        else:
            found = _stored(self.path.with_name(f"{name}.safetensors"), lambda: train(seed))
        self.waited += time.perf_counter() - start
        return found

    def __deepcopy__(self, memo: object) -> "Pretrained":
        """Return itself: clones of an over-sampler share what is trained once."""
        return self

    def _trained(self) -> tuple[nn.Module, float]:
        if self.path is None:
            made = self._make()
            return made.model, made.seconds
        self.path.parent.mkdir(parents=True, exist_ok=True)
        first = not _several() or dist.get_rank() == 0
        with FileLock(self.path.with_suffix(".lock")) if first else nullcontext():
            found = self._found(self.path) if first else None
            if not _first_says(found is not None):
                made = self._make()  # by all processes together
                if first:
                    save_checkpoint(self.path, made.model, {**self.header, "seconds": made.seconds})
                _first_says(True)
            return found or self._read(self.path)

    def _found(self, path: Path) -> tuple[nn.Module, float] | None:
        """Return the network that the file holds, if it is there and whole."""
        if path.exists():
            try:
                return self._read(path)
            except (InputError, KeyError) as error:
                set_aside(path, "the network is trained again", error)
        return None

    def _read(self, path: Path) -> tuple[nn.Module, float]:
        name = self.header.get("model")  # a file's code is run, as for the network that is trained
        own = isinstance(name, str) and is_own(name)
        model, header = load_checkpoint(path, str(name) if own else None)
        return model, float(header["seconds"])


def _several() -> bool:
    return dist.is_available() and dist.is_initialized()


def _first_says(value: bool) -> bool:
    """Return what the first of all processes says, when it says it."""
    said = [value]
    if _several():
        dist.broadcast_object_list(said, 0)
    return said[0]


def _plain(number: Any) -> object:
    """Return a number of NumPy's as one of Python's."""
    return number.item()


def _stored(
    path: Path, train: Callable[[], tuple[dict[str, Tensor], float]]
) -> tuple[dict[str, Tensor], float]:
    """Return tensors and seconds from a file, which is made under a lock if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        found = read_tensors(path)
        if found is None:
            state, seconds = train()
            write_tensors(path, state, {"seconds": seconds})
            return state, seconds
    state, header = found
    return state, float(header["seconds"])
