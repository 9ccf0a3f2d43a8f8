"""Time and memory of the losses as multiples of one ``F.cross_entropy`` of the same logits.

``make benchmark`` runs these and prints what they measure. A loss and the cross-entropy run forward
and backward, one after the other in each round, so that a busy machine slows down both. Memory is
the most that a process of its own needs beyond the logits.
"""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
)

HERE = Path(__file__).parent
B, K = 4096, 10_000
COUNTS = range(K, 0, -1)
LOSSES = {
    "cross-entropy": lambda: F.cross_entropy,
    "asymmetric": AsymmetricLoss,
    "balanced-softmax": partial(BalancedSoftmaxLoss, COUNTS),
    "logit-adjusted": partial(LogitAdjustedLoss, COUNTS),
    "cdt": partial(CDTLoss, COUNTS),
    "focal": FocalLoss,
    "ldam": partial(LDAMLoss, COUNTS),
}
MOST = {"asymmetric": 2.5}
"""What a loss may take of cross-entropy's time, by default 1.5; of its memory it is always 1.5."""
MEMORY = """
import sys, warnings
from pathlib import Path
import torch
from test_loss_speed import LOSSES, batch, step
warnings.simplefilter("ignore")
status = Path("/proc/self/status")
peak = lambda: int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
loss = LOSSES[sys.argv[1]]()
z, y = batch(getattr(torch, sys.argv[2]), 4096)
step(loss, *batch(z.dtype, 64))
begun = peak()
step(loss, z, y)
print(peak() - begun)
"""
pytestmark = pytest.mark.filterwarnings("ignore:LDAMLoss takes cosines")
dtypes = pytest.mark.parametrize("dtype", ["float32", "bfloat16"])


def batch(dtype, rows=B):
    rng = torch.Generator().manual_seed(0)
    z = torch.empty(rows, K, dtype=dtype)
    for part in z.split(64):  # nothing larger than the logits, whose peak would hide that of a loss
        part.copy_(torch.randn(len(part), K, generator=rng) * 3)
    return z, torch.randint(K, (rows,), generator=rng)


def step(loss, z, y):
    start = time.perf_counter()
    z = z.detach().requires_grad_()
    loss(z, y).backward()
    return time.perf_counter() - start


def memory(name, dtype):
    """Return the most memory that a forward and backward pass needs, in MiB."""
    command = [sys.executable, "-c", MEMORY, name, dtype]
    made = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
    return float(made.stdout)


@dtypes
def test_time(benchmark, dtype):
    z, y = batch(getattr(torch, dtype), 2048)
    losses = {name: make() for name, make in LOSSES.items()}
    taken = {name: [] for name in losses}
    for _ in range(5):
        for name, loss in losses.items():
            taken[name].append(step(loss, z, y))
    floor = np.array(taken["cross-entropy"])
    ratios = {name: float(np.median(np.array(t) / floor)) for name, t in taken.items()}
    print(f"\n{dtype}, {len(z)} x {K}: cross-entropy {np.median(floor):.3f} s; ", end="")
    print(", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items() if ratio != 1))
    benchmark.extra_info.update(ratios)
    benchmark.pedantic(step, (losses["asymmetric"], z, y), rounds=1)
    assert all(ratio <= MOST.get(name, 1.5) for name, ratio in ratios.items())


@dtypes
def test_memory(benchmark, dtype):
    needed = {name: memory(name, dtype) for name in LOSSES}
    ratios = {name: value / needed["cross-entropy"] for name, value in needed.items()}
    print(f"\n{dtype}, {B} x {K}: cross-entropy {needed['cross-entropy']:.0f} MiB; ", end="")
    print(", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items() if ratio != 1))
    benchmark.extra_info.update(ratios)
    benchmark.pedantic(memory, ("asymmetric", dtype), rounds=1)
    assert max(ratios.values()) <= 1.5
