"""The store of embeddings: a data set is embedded once, in shards, and then mapped from disk."""

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import Dataset

from imbtorch.cache import cache_folder
from imbtorch.data.arrays import take
from imbtorch.data.checks import embeddings_of
from imbtorch.data.finite import check_finite
from imbtorch.errors import InputError
from imbtorch.files import replacing, seal, set_aside, unseal, write_atomically, write_npz
from imbtorch.models.inference import outputs
from imbtorch.npz import read_npz
from imbtorch.progress import progress_bar

SHARD = 4096
"""Rows that are embedded and stored at a time; a multiple of the batch size of `outputs`."""
PROBED = 8
"""Rows that are embedded again before stored embeddings are used."""
CLOSE = 0.02
"""How far they may be from the stored ones, relative to their norm: another device or library sums
in another order, and in half precision; another network is far off."""


@dataclass(frozen=True)
class Embedded:
    """The embeddings of a data set.

    Attributes
    ----------
    x : Tensor of shape (N, D), float32
        Mapped from disk; not to be written to.
    seconds : float
        How long the pass took that made them, whenever that was.
    """

    x: Tensor
    seconds: float


@dataclass(frozen=True)
class Pass:
    """One pass of a frozen network over a data set.

    Attributes
    ----------
    network : nn.Module
        (B, ...) -> embeddings of shape (B, D).
    dataset : Dataset
        Yields (x, y).
    identity : mapping
        All that the embeddings depend on, JSON-ready: data, split, weights, inputs, precision.
    fabric : Fabric
        Device and precision.
    """

    network: nn.Module
    dataset: Dataset[Any]
    identity: Mapping[str, Any]
    fabric: Fabric

    @property
    def folder(self) -> Path:
        """Where the embeddings are kept."""
        text = json.dumps(self.identity, sort_keys=True)
        return cache_folder("embeddings") / hashlib.sha256(text.encode()).hexdigest()[:24]

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def embed(self, rows: Tensor, bar: Any = None) -> Tensor:
        """Return the embeddings of some rows, on the CPU."""

        def function(x: Tensor) -> Tensor:
            made = embeddings_of(self.network(x))
            if bar is not None:
                bar.update(len(x))
            return made

        mixed = str(self.fabric._precision.precision).endswith("mixed")
        with self.fabric.autocast() if mixed else nullcontext():
            made = outputs(self.network, function, take(self.dataset, rows))[0].cpu()
        check_finite(made, "the frozen network's embeddings")
        return made


def embed_once(one: Pass, title: str = "embedding", *, progress: bool = True) -> Embedded:
    """Return the embeddings of a data set, from the store if they are there.

    They are made shard by shard, each written completely or not at all: an interrupted pass goes
    on at the next shard. Two processes do not make the same ones at once: one waits. Damaged files
    are set aside and made again, and so are embeddings that the network no longer gives (its code
    or its library has changed): a few rows are embedded again to see that.

    Parameters
    ----------
    one : Pass
        Network, data and what they depend on.
    title : str, default="embedding"
        Shown before the progress bar.
    progress : bool, default=True
        Whether to show a progress bar, over the samples.

    Returns
    -------
    Embedded
    """
    folder = one.folder
    folder.mkdir(parents=True, exist_ok=True)
    one.fabric.to_device(one.network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    try:
        with FileLock(folder.with_suffix(".lock")):
            found = _stored(folder)
            if found is not None and _still_gives(one, found.x):
                return found
            with progress_bar(
                total=len(one), desc=title, unit="sample", disable=not progress
            ) as bar:
                shards = [_shard(one, folder, start, bar) for start in range(0, len(one), SHARD)]
            _join(one, folder, shards)
            made = _stored(folder)
            assert made is not None
            return made
    finally:
        one.network.cpu()


def _shard(one: Pass, folder: Path, start: int, bar: Any) -> Path:
    """Make sure that a shard is stored; return its path."""
    path = folder / "shards" / f"{start // SHARD:05}.npz"
    rows = torch.arange(start, min(start + SHARD, len(one)))
    if path.exists():
        try:
            if len(read_npz(path, "the cache")["features"]) == len(rows):
                bar.update(len(rows))
                return path
        except InputError as error:
            set_aside(path, "this part is embedded again", error)
    began = time.perf_counter()
    features = one.embed(rows, bar).numpy()
    seconds = np.array(time.perf_counter() - began)
    write_npz(path, {"features": features, "seconds": seconds})
    return path


def _join(one: Pass, folder: Path, shards: list[Path]) -> None:
    """Write all shards to one ``.npy``, then what is in it, and remove them."""
    seconds, digest = 0.0, hashlib.sha256()
    with replacing(folder / "embeddings.npy") as part, part.open("wb") as file:
        for path in shards:  # one after the other: they may not fit into memory together
            arrays = read_npz(path, "the cache")
            x = np.ascontiguousarray(arrays["features"], np.float32)
            if path == shards[0]:
                shape = (len(one), x.shape[1])
                described = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, described)
            file.write(x.astype("<f4", copy=False).tobytes())
            digest.update(x.tobytes())
            seconds += float(arrays["seconds"])
    about = {"identity": one.identity, "sha256": digest.hexdigest(), "seconds": seconds}
    write_atomically(folder / "about.json", seal(about).encode())
    shutil.rmtree(folder / "shards", ignore_errors=True)


def _stored(folder: Path) -> Embedded | None:
    """Return the embeddings in a folder, or None; damaged ones are set aside."""
    about, path = folder / "about.json", folder / "embeddings.npy"
    try:
        said = unseal(about.read_bytes())
        x = np.load(path, mmap_mode="c")  # "c": torch warns of what cannot be written to
        if hashlib.sha256(x).hexdigest() != said["sha256"]:
            raise ValueError("its checksum differs")
        return Embedded(torch.from_numpy(x), float(said["seconds"]))
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, EOFError) as error:
        set_aside(path, "the embeddings are made again", error)
        about.unlink(missing_ok=True)
        return None


def _still_gives(one: Pass, stored: Tensor) -> bool:
    """Whether the network still gives the first of the stored rows; if not, they are set aside."""
    stored = stored[:PROBED]
    again = one.embed(torch.arange(len(stored)))
    if again.shape == stored.shape and (again - stored).norm() <= CLOSE * stored.norm():
        return True
    error = InputError("the network gives other embeddings now")
    set_aside(one.folder / "embeddings.npy", "the embeddings are made again", error)
    (one.folder / "about.json").unlink(missing_ok=True)
    return False
