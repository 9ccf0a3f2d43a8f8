"""Time `ClassBalancedSampler` as a multiple of one sort of its labels, within one run.

``make benchmark`` runs these and prints what they measure. The sort and the sampler run one after
the other in each round, so that a busy machine slows down both. Memory is that of a process of its
own.
"""

import subprocess
import sys
import time

import numpy as np
import pytest

from imbtorch.samplers import ClassBalancedSampler

FIFTY_MILLION = """
import itertools
from pathlib import Path
import numpy as np
from imbtorch.samplers import ClassBalancedSampler
status = Path("/proc/self/status")
peak = lambda: int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**20
labels = np.random.default_rng(0).integers(0, 1000, 50_000_000)
begun = peak()
sampler = ClassBalancedSampler(labels)
visited = sum(1 for _ in itertools.islice(sampler, 1_000_000))
assert visited == 1_000_000
print(begun, peak())
"""


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


@pytest.mark.parametrize(("n", "classes"), [(1_000_000, 10_000), (10_000_000, 1_000)])
def test_classes_are_grouped_in_the_time_of_one_sort(benchmark, n, classes):
    labels = np.random.default_rng(0).integers(0, classes, n)
    sorts, made = [], []
    for _ in range(3):
        sorts.append(seconds(labels.argsort, -1, "stable"))
        made.append(seconds(ClassBalancedSampler, labels))
    plan = seconds(ClassBalancedSampler(labels).plan)
    ratio = float(np.median(np.array(made) / sorts))
    print(
        f"\n{n:,} rows, {classes:,} classes: one stable sort {np.median(sorts):.3f} s, sampler "
        f"{np.median(made):.3f} s, ratio {ratio:.2f}; an epoch's plan {plan:.3f} s"
    )
    benchmark.extra_info.update(ratio=ratio, plan=plan)
    benchmark.pedantic(ClassBalancedSampler, (labels,), rounds=1)
    assert ratio <= 1.2


def test_fifty_million_rows_within_4_gib(benchmark):
    command = [sys.executable, "-c", FIFTY_MILLION]
    options = {"check": True, "capture_output": True, "text": True}
    found = benchmark.pedantic(subprocess.run, (command,), options, rounds=1)
    begun, peak = map(float, found.stdout.split())
    print(f"\n50,000,000 rows: {begun:.2f} GiB with the labels, at most {peak:.2f} GiB")
    benchmark.extra_info.update(begun=begun, peak=peak)
    assert peak < 4
