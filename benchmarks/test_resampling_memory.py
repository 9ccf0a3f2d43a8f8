"""Peak memory of searches among many rows, as a multiple of the data's.

``make benchmark`` runs these; Linux counts the peak of resident memory. Each sampler runs in a
process of its own, twice: the peak varies with what the allocator happens to reuse, and the smaller
one counts. The data and what is returned do not count.
"""

import multiprocessing
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from imbtorch.resampling import EOS, SMOTE, BorderlineSMOTE

ROWS, SIZE = 300_000, 128
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
pytestmark = pytest.mark.skipif(not CLEAR.exists(), reason="Linux alone counts the peak so")


def clustered(rows):
    """Return rows around 200 centers, and ten classes of 1/2, 1/4, ... of the rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, SIZE)).astype(np.float32)
    x += 2 * rng.normal(size=(200, SIZE)).astype(np.float32)[rng.integers(200, size=rows)]
    return x, np.minimum(rng.geometric(0.5, rows) - 1, 9)


def megabytes(name):
    return int(re.search(rf"{name}:\s+(\d+)", STATUS.read_text())[1]) / 1024


def peak(sampler):
    """Return the peak of memory beyond the data and the result, as a multiple of the data."""
    warnings.simplefilter("ignore", UserWarning)
    x, y = clustered(ROWS)
    counts = np.bincount(y)
    few = {label: int(counts[label]) + 100 for label in range(1, 10)}
    type(sampler)().fit_resample(x[::100], y[::100])  # loads what is loaded on first use
    CLEAR.write_text("5")  # the peak begins anew
    before = megabytes("VmRSS")
    made, _ = sampler.set_params(sampling_strategy=few, random_state=0).fit_resample(x, y)
    return (megabytes("VmHWM") - before - made.nbytes / 2**20) / (x.nbytes / 2**20)


@pytest.mark.parametrize("sampler", [EOS(), SMOTE(), BorderlineSMOTE()], ids=repr)
def test_memory(benchmark, sampler):
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        first = pool.apply(peak, (sampler,))
        times = min(first, benchmark.pedantic(pool.apply, (peak, (sampler,)), rounds=1))
    print(f"\n{sampler}: {times:.2f} times the data, besides the data and the result")
    benchmark.extra_info["times"] = times
    assert times <= 2
