"""What a batch takes of the computer's memory while a network is trained on it."""

import copy

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from imbtorch.errors import InputError
from imbtorch.npz import free_memory
from imbtorch.seeding import scoped_seed


def saved_bytes(model: nn.Module, x: Tensor) -> int:
    """Return the bytes per sample that a network keeps from its forward to its backward pass.

    The network itself is not touched, nor are torch's random numbers.

    Parameters
    ----------
    model : nn.Module
        Any network.
    x : Tensor of shape (B, ...), float
        Inputs, at least two, as some networks need more than one.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> saved_bytes(network, torch.zeros(2, 4))  # the inputs, and what comes out of ReLU
    48
    """
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    model = copy.deepcopy(model).train()
    with scoped_seed(0), saved_tensors_hooks(note, lambda tensor: tensor):
        out = model(x)  # keeps what is noted until it is counted
    own = {p.untyped_storage().data_ptr() for p in (*model.parameters(), *model.buffers())}
    del out
    return sum(size for place, size in kept.items() if place not in own) // len(x)


def check_batch_memory(model: nn.Module, x: Tensor, batch_size: int) -> None:
    """Raise an InputError if a batch of images does not fit into memory; it says what would.

    Parameters
    ----------
    model : nn.Module
        The network, on the CPU.
    x : Tensor of shape (C, H, W), float
        One image.
    batch_size : int
        Images in a batch.
    """
    each, free = saved_bytes(model, torch.stack([x, x])), free_memory()
    if each * batch_size <= free:
        return
    height, width = x.shape[-2:]
    side = int(min(height, width) * (free / (each * batch_size)) ** 0.5) // 16 * 16
    fits = [f"--image-size {side}"] if side else []
    fits += [f"--batch-size {free // each}"] if free >= each else []
    raise InputError(
        f"a batch of {batch_size} images of {height} x {width} pixels takes "
        f"{each * batch_size / 1e9:.1f} GB in this network; {free / 1e9:.1f} GB are free: "
        f"{', '.join([*fits, 'or a network made for such images (--model timm:NAME)'])}"
    )
