"""Checkpoints to be changed: as they are stored, changed, and opened in bounded memory."""

import copy
import json
import resource
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load, save

from imbtorch import save_checkpoint
from imbtorch.commands import embed
from imbtorch.comparison.make_task import make_task

KEY = "imbtorch"
DROP = object()
DEEP = json.loads("[" * 200 + "]" * 200)


def stored_checkpoints(folder):
    """Return (data, header, tensors, bytes) of two networks as train stores them.

    One takes rows of numbers, the other images.
    """
    rng = np.random.default_rng(0)
    data = folder / "made.npz"
    np.savez(data, features=rng.normal(size=(24, 3)), labels=[0] * 16 + [1] * 8)
    out = {}
    for kind, name, model in (("rows", str(data), "mlp"), ("images", "digits", "small-cnn")):
        task = make_task(name, epochs=1, model=model)
        path = folder / f"{kind}.safetensors"
        save_checkpoint(path, task.network(0), task.header("erm", 0))
        whole = path.read_bytes()
        size = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(json.loads(whole[8 : 8 + size])["__metadata__"][KEY])
        out[kind] = (name, header, load(whole), whole)
    return out


def write(path, text, tensors):
    """Write a checkpoint with any text as its header, and without a checksum."""
    try:
        path.write_bytes(save(tensors, {KEY: text}))
    except KeyError as error:  # a kind of number that an older safetensors does not store
        pytest.skip(f"safetensors does not store {error}")
    return str(path)


def changed(header, where, value):
    header = copy.deepcopy(header)
    *way, last = where
    inner = header
    for key in way:
        inner = inner[key]
    if value is DROP:
        del inner[last]
    else:
        inner[last] = value
    return header


@contextmanager
def memory_of_at_most(more):
    """The process can reserve no more than so many bytes on top of what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def embedded(*paths):
    """Run ``imbtorch embed`` without options."""
    options = ("label", "train_split", "test_split", "pretrained", "image_size", "columns")
    embed.run([*paths], None, **dict.fromkeys(options), data_seed=0, precision="32-true")
