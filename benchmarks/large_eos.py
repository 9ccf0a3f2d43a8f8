"""EOS on 500,000 x 128 embeddings of 1,000 classes, ratio 100: time, memory and recall.

    python benchmarks/large_eos.py [number of rows]

Class counts are exponential; each class is a Gaussian around its own center in a subspace, so that
classes overlap. Prints the recall of the approximate search and the peak of resident memory.
"""

import logging
import resource
import sys
import time

import numpy as np

from imbtorch.data import exponential_counts
from imbtorch.resampling import EOS


def made(rows):
    total = sum(exponential_counts(100_000, 1000, 100))
    counts = exponential_counts(100_000 * rows // total, 1000, 100)
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(1000), counts)
    x = rng.normal(0, 1, (len(y), 128)).astype(np.float32)
    x[:, :32] += 1.5 * rng.normal(0, 1, (1000, 32)).astype(np.float32)[y]
    return x, y


def main():
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    x, y = made(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
    counts = np.bincount(y)
    start = time.perf_counter()
    eos = EOS(10, random_state=0)
    new_x, _ = eos.fit_resample(x, y)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{x.shape[0]} x {x.shape[1]}, {len(counts)} classes of {counts.max()} to {counts.min()}: "
        f"{len(new_x) - len(x)} synthetic rows in {time.perf_counter() - start:.0f} s, "
        f"{eos.nn_.method_}, recall {getattr(eos.nn_, 'recall_', 1.0):.3f}, peak {peak:.2f} GiB"
    )


if __name__ == "__main__":
    main()
