"""Networks and a batch as at CIFAR-10-LT, imbalance ratio 100."""

import numpy as np
import pytest
import torch

from imbtorch import ClassBalancedSampler, exponential_counts, resnet32
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.batches import Batches

COUNTS = exponential_counts(5000, 10, 100)


@pytest.fixture
def networks():
    """f and g with the statistics of a little training, so that activations are of usual size."""
    torch.manual_seed(0)
    out = []
    for _ in range(2):
        network = resnet32((3, 32, 32), 10).to(memory_format=torch.channels_last)
        with torch.no_grad():
            for _ in range(10):
                network.train()(torch.rand(128, 3, 32, 32))
        out.append(network)
    return out


@pytest.fixture
def batch():
    """A class-balanced batch of 128 images."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), COUNTS)
    images = torch.from_numpy(rng.integers(0, 256, (len(labels), 3, 32, 32), dtype=np.uint8))
    data = ArrayDataset(images, labels)
    return next(iter(Batches(data, ClassBalancedSampler(labels), batch_size=128)))
