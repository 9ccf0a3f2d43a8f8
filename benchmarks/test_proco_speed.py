"""Time training with ProCo's branch against as many plain passes as it has views.

Run with ``make benchmark``. Processor time on one thread, so that other load does not count; the
floor is plain training on the same samples, once for each view. The loop, the data and the
augmentation are those of `fit`.
"""

import time
from functools import partial

import pytest
import torch

from imbtorch import Recipe, Train, fit
from imbtorch.data import crop_flip
from imbtorch.losses import ProCo
from imbtorch.models import resnet32
from imbtorch.training.setup import Setup

RUNS, SAMPLES, BATCH = 3, 256, 128
VIEWS = (0, 1, 2)


def seconds(phase, data):
    """Return the processor time of an epoch."""
    model = resnet32((3, 32, 32), 10)
    start = time.process_time()
    fit(Recipe("timed", [phase]), model, data, setup=Setup(batch_size=BATCH), augment=crop_flip)
    return time.process_time() - start


def test_a_branch_costs_its_views(benchmark):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(256, (SAMPLES, 3, 32, 32), generator=rng, dtype=torch.uint8)
    data = x, torch.arange(SAMPLES) % 10
    phases = {None: Train(1)} | {v: Train(1, branch=partial(ProCo, views=v)) for v in VIEWS}
    times = {views: [] for views in phases}
    for _ in range(RUNS):
        for views, phase in phases.items():
            times[views].append(seconds(phase, data))
    plain, *rest = (sorted(found)[RUNS // 2] for found in times.values())
    ratios = {views: took / plain for views, took in zip(VIEWS, rest, strict=True)}
    benchmark.extra_info.update({f"views={views}": ratio for views, ratio in ratios.items()})
    benchmark.pedantic(seconds, (phases[0], data), rounds=1)
    torch.set_num_threads(threads)
    words = ", ".join(f"views={views} {ratio:.2f}" for views, ratio in ratios.items())
    print(f"\nResNet-32, batches of {BATCH}, times a plain step: {words}")
    for views, ratio in ratios.items():
        assert ratio == pytest.approx(1 + views, rel=0.25)
