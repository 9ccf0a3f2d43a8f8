"""The precision of a task; `--precision auto`: bfloat16 where the device computes it natively."""

import logging

import torch
from lightning_fabric import Fabric

BF16, FLOAT32 = "bf16-mixed", "32-true"


def settled(precision: str) -> str:
    """Return the precision that a task has: one by Fabric's name, whatever was asked for.

    "auto" is "bf16-mixed" where the best single device multiplies bfloat16 natively, and
    "32-true" elsewhere: emulated, it is slower than float32 and no more precise.

    Examples
    --------
    >>> settled("16-mixed"), settled("auto") in ("bf16-mixed", "32-true")
    ('16-mixed', True)
    """
    if precision != "auto":
        return precision
    return BF16 if native_bfloat16() else FLOAT32


def native_bfloat16() -> bool:
    """Whether the device that tasks run on multiplies bfloat16 natively.

    CUDA devices do from compute capability 8.0 on, x86 processors with AVX-512 BF16 or AMX. Of
    others, torch does not say.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if torch.backends.mps.is_available():
        return False
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # not in all versions of torch
    return any(getattr(torch.cpu, name, bool)() for name in asked)


def fabric_with(precision: str) -> Fabric:
    """Return a Fabric on the best single device, which does not say its precision once more."""
    log = logging.getLogger("lightning_fabric")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        return Fabric(accelerator="auto", devices=1, precision=precision)  # type: ignore[arg-type]
    finally:
        log.setLevel(level)
