"""The checksum of a file of tensors: any flipped bit in them or in the header is noticed."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

CHECKSUM = "sha256"
"""Metadata key under which a file keeps it; files of version 0.2.0 and earlier have none."""


def checksum(header: str, tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of a header and of named tensors on the CPU.

    Examples
    --------
    >>> one = checksum("{}", {"x": torch.zeros(2)})
    >>> one == checksum("{}", {"x": torch.zeros(2)}), one == checksum("{}", {"y": torch.zeros(2)})
    (True, False)
    """
    digest = hashlib.sha256(header.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\0{name} {value.dtype} {tuple(value.shape)}\0".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
