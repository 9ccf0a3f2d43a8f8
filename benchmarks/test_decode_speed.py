"""Time how photographs become tensors: with threads or processes, and from the cache.

``make benchmark`` runs these; they make 600 photographs of 1 to 4 megapixels and print what they
measure. A ratio is of two sides that run one after the other, so that a busy machine slows down
both.
"""

import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images
from torch.utils.data import Dataset

from imbtorch.data import tensors
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.batches import Batches
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows
from imbtorch.data.tensors import datasets_of

SPEC = ImageInput((224, 224), 3, crop=0.875, interpolation="bicubic")
N = 600


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    scenes = [Image.fromarray(image) for image in load_sample_images().images]
    rng = np.random.default_rng(0)
    rows = []
    for i in range(N):
        side = np.sqrt(rng.uniform(1e6, 4e6) / 6)
        image = scenes[i % 2].resize((int(3 * side), int(2 * side)))
        image.save(folder / f"{i}.jpg", quality=90)
        rows.append({"bytes": None, "path": str(folder / f"{i}.jpg")})
    return Rows(np.array(rows, dtype=object))


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBTORCH_CACHE", str(tmp_path))
    monkeypatch.setattr(tensors, "IN_MEMORY_BYTES", 0)


class Undecoded(Dataset):
    """Images that are decoded whenever they are read."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return SPEC.transform(self.rows.take(np.array([index])))[0], 0


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def one_by_one(rows):
    for i in range(len(rows)):
        SPEC.read(rows[i], i)


def in_processes(pool, rows):
    list(pool.map(SPEC.read, rows.values, range(len(rows)), chunksize=16))


def labels(rows):
    return np.arange(len(rows)) % 2


def all_batches(dataset):
    for _ in Batches(dataset, batch_size=64):
        pass


def test_threads_and_processes(benchmark, photographs):
    """Two processes, already started, are not much faster than the threads that need no start."""
    third = photographs.take(np.arange(N // 3))
    with ProcessPoolExecutor(2) as pool:
        in_processes(pool, third.take(np.arange(32)))
        sides = [(one_by_one, third), (SPEC.transform, third), (in_processes, pool, third)]
        taken = [[seconds(*side) for side in sides] for _ in range(3)]
    one, threads, processes = np.median(taken, axis=0)
    print(
        f"\n{len(third)} photographs: one by one {one:.2f} s, threads {threads:.2f} s, 2 processes "
        f"{processes:.2f} s, threads / processes {threads / processes:.2f}"
    )
    benchmark.extra_info.update(one=one, threads=threads, processes=processes)
    benchmark.pedantic(SPEC.transform, (third,), rounds=1)
    assert threads < 1.2 * one


def test_an_epoch_of_a_large_set(benchmark, photographs, on_disk):
    """From the cache, an epoch takes a small part of the time that decoding takes each time."""
    classes, y = ("a", "b"), labels(photographs)
    first = seconds(datasets_of, SPEC, classes, (photographs, y))
    again = seconds(datasets_of, SPEC, classes, (photographs, y))
    (mapped,), _ = datasets_of(SPEC, classes, (photographs, y))
    decoding = seconds(all_batches, Undecoded(photographs.take(np.arange(N // 3)))) * 3
    in_memory = ArrayDataset(np.stack([x.numpy() for x, _ in mapped]), y)
    from_files, from_memory = seconds(all_batches, mapped), seconds(all_batches, in_memory)
    print(
        f"\n{N} photographs: made {first:.2f} s, found again {again:.2f} s; an epoch decoded each "
        f"time {decoding:.2f} s, from files {from_files:.2f} s, from memory {from_memory:.2f} s"
    )
    benchmark.extra_info.update(first=first, again=again, decoding=decoding, files=from_files)
    benchmark.pedantic(all_batches, (mapped,), rounds=3)
    assert from_files < decoding / 10
