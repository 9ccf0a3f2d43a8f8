"""Time steps of SAM and ImbSAM against their floor: as many plain steps as they make passes.

Run with ``make benchmark``. ResNet-32, 128 images of 32 x 32 pixels, on one thread.
"""

import time
from collections.abc import Callable

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from imbtorch import Setup
from imbtorch.data import exponential_counts
from imbtorch.models import resnet32
from imbtorch.training import SAM, ImbSAM
from imbtorch.training.head import single_thread
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer

COUNTS = exponential_counts(5000, 10, 100)
ROUNDS = 5
MOST = 1.1
"""Most times its floor that a step may take."""


def one_step(step) -> Callable[[], float]:
    """Return what trains a network of its own on one batch."""
    torch.manual_seed(0)
    x = torch.rand(128, 3, 32, 32).to(memory_format=torch.channels_last)
    y = torch.multinomial(torch.tensor(COUNTS).float(), 128, replacement=True)
    network = resnet32((3, 32, 32), 10).to(memory_format=torch.channels_last)
    fabric = Fabric(accelerator="cpu", devices=1)
    model, optimizer = fabric.setup(network, make_optimizer(Setup(), network))
    loss = nn.CrossEntropyLoss()
    return lambda: train_epoch(
        fabric, model, optimizer, [(x, y)], loss, lambda _: 0.01, None, None, step
    )


def seconds(run: Callable[[], float]) -> float:
    """Seconds of the one thread, which what else runs on the machine does not add to."""
    start = time.process_time()
    run()
    return time.process_time() - start


@pytest.mark.parametrize("step", [SAM(), ImbSAM(COUNTS)], ids=["sam", "imb-sam"])
def test_a_step_over_its_passes(step, benchmark):
    plain, ours = one_step(None), one_step(step)
    with single_thread():
        for run in (plain, ours):  # warm-up
            run()
        # in turn, because what else runs on the machine slows both
        pairs = [(seconds(plain), seconds(ours)) for _ in range(ROUNDS)]
        benchmark.pedantic(ours, rounds=1)
    floor, taken = (min(times) for times in zip(*pairs, strict=True))
    benchmark.extra_info["of plain"] = taken / floor
    benchmark.extra_info["of its floor"] = taken / (step.passes * floor)
    print(f"{taken / floor:.2f} plain steps, {taken / (step.passes * floor):.3f} of the floor")
    assert taken <= MOST * step.passes * floor
