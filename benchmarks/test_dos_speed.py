"""Time an epoch of deep over-sampling against a plain epoch, and that against bare training steps.

Run with ``make benchmark``. The data is shaped like MNIST: 28 x 28 random grays, 10 classes. A
usual DataLoader is timed beside them.
"""

import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from imbtorch import ArrayDataset, Recipe, Setup, Train, build_model, fit
from imbtorch.data.batches import Batches
from imbtorch.models import embed
from imbtorch.resampling import overload
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import DeepOversample

SETUP = Setup(batch_size=60, lr=0.02)
RUNS, SAMPLES = 3, 50_000


@pytest.fixture(scope="module")
def reduced():
    """6 classes of 5,000 and 4 of 500 samples, like MNIST with p = 0.90."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), [5000] * 6 + [500] * 4)
    images = rng.integers(0, 256, (len(labels), 1, 28, 28), dtype=np.uint8)
    return ArrayDataset(torch.from_numpy(images), labels)


def seconds(phase, data):
    """Training time of one phase on a fresh network."""
    model = build_model("small-cnn", (1, 28, 28), 10, train=data)
    return fit(Recipe("timed", [phase]), model, data, setup=SETUP).seconds


class Parity(ClassBalancedSampler):
    """Visits as many samples as deep over-sampling does: each class as often as the largest."""

    def __init__(self, labels, seed=0, num_replicas=1, rank=0):
        super().__init__(
            labels, num_samples=50_000, seed=seed, num_replicas=num_replicas, rank=rank
        )


def test_an_epoch_of_dos_over_a_plain_one(reduced, benchmark):
    seconds(Train(1, sampler=Parity), reduced)  # warm-up
    plain, deep, embedding, search = [], [], [], []
    for _ in range(RUNS):  # in turn, so that other load on the machine affects both alike
        plain.append(seconds(Train(2, sampler=Parity), reduced))
        deep.append(seconds(DeepOversample(2), reduced))
        model = build_model("small-cnn", (1, 28, 28), 10, train=reduced)
        start = time.perf_counter()
        features, labels = embed(model, reduced)
        embedded = time.perf_counter()
        overload(features, labels, [0] * 6 + [5] * 4)
        embedding.append(embedded - start)
        search.append(time.perf_counter() - embedded)
    ratio = np.median(np.array(deep) / plain)
    shares = {"embedding": embedding, "neighbours": search}
    shares = {name: np.median(np.array(times) / deep) for name, times in shares.items()}
    benchmark.extra_info.update(dos_over_plain=ratio, **shares)
    benchmark.pedantic(seconds, (DeepOversample(1), reduced), rounds=1)
    words = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
    print(f"\nDOS / plain {ratio:.2f}; of a round of 2 epochs: {words}")
    assert ratio <= 1.35
    assert shares["neighbours"] < 0.05


class Loaded(Dataset):
    """Yields images one by one, with the steps of torchvision's data sets and transforms."""

    def __init__(self, data):
        self.x, self.y = data.x[:, 0].clone(), data.y.clone()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        image, label = Image.fromarray(self.x[index].numpy()), int(self.y[index])
        return normalize(to_tensor(image)), label


def to_tensor(image):
    """Convert a PIL image to a float tensor (C, H, W) in 0..1, through a copy."""
    pixels = torch.from_numpy(np.array(image, np.uint8, copy=True))
    pixels = pixels.view(image.size[1], image.size[0], len(image.getbands()))
    return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


def normalize(image, mean=(0.1307,), std=(0.3081,)):
    """Subtract the mean and divide by the standard deviation, both checked for each image."""
    image = image.clone()
    mean = torch.as_tensor(mean, dtype=image.dtype)
    std = torch.as_tensor(std, dtype=image.dtype)
    if (std == 0).any():
        raise ValueError("std holds a 0")
    return image.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1))


def bare_epoch(batches):
    """Train on batches that lie ready; return the seconds it takes."""
    network = build_model("small-cnn", (1, 28, 28), 10).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), 0.02, momentum=0.9, fused=True)
    start = time.perf_counter()
    for x, y in batches:
        loss = nn.functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def usual_epoch(data, workers):
    """Train a plain epoch from a DataLoader; return the seconds it takes."""
    network = build_model("small-cnn", (1, 28, 28), 10)
    optimizer = torch.optim.SGD(network.parameters(), 0.02, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    start = time.perf_counter()
    for x, y in DataLoader(Loaded(data), 60, shuffle=True, num_workers=workers):
        loss = criterion(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def test_a_plain_epoch_over_its_bare_steps(benchmark):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (SAMPLES, 1, 28, 28), dtype=np.uint8)
    data = ArrayDataset(torch.from_numpy(images), np.arange(SAMPLES) % 10)
    ready = list(Batches(data, batch_size=60))
    ours, sides = [], {"bare steps": [], "usual, 0 workers": [], "usual, 2 workers": []}
    seconds(Train(1), data)
    for _ in range(RUNS):
        ours.append(seconds(Train(1), data))
        sides["bare steps"].append(bare_epoch(ready))
        for workers in (0, 2):
            sides[f"usual, {workers} workers"].append(usual_epoch(data, workers))
    ratios = {name: float(np.median(np.array(ours) / times)) for name, times in sides.items()}
    benchmark.extra_info.update(ratios)
    benchmark.pedantic(seconds, (Train(1), data), rounds=1)
    print("\nours / " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))
    assert ratios["bare steps"] <= 1.25
