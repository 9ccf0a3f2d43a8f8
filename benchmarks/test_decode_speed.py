"""Time how photographs become tensors: with threads or processes, and from the cache.

``make benchmark`` runs these; they make 600 photographs of 1 to 4 megapixels and print what they
measure. A ratio is of two sides that run one after the other, so that a busy machine slows down
both. What is asserted is a multiple of the bare work: Pillow alone, or the copying of pixels.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images
from torch.utils.data import Dataset

from imbtorch.data import tensors
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.batches import Batches
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows
from imbtorch.data.tensors import datasets_of
from imbtorch.data.workers import Workers

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


def cpu(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def one_by_one(rows):
    for i in range(len(rows)):
        SPEC.read(rows[i], i)


def bare_pillow(rows):
    """Decode, scale and copy out, without a look at what the files are."""
    for i in range(len(rows)):
        with Image.open(rows[i]["path"]) as image:
            width, height = image.size
            image = image.convert("RGB")
        scale = 256 / min(width, height)
        image = image.resize(
            (round(scale * width), round(scale * height)), Image.Resampling.BICUBIC
        )
        np.asarray(image.crop((0, 0, 224, 224))).transpose(2, 0, 1).copy()


def bare_batches(images):
    """Gather pixels that are in memory, and divide them by 255."""
    for start in range(0, len(images), 64):
        x = torch.from_numpy(images[np.arange(start, min(start + 64, len(images)))])
        x.float().div_(255).contiguous(memory_format=torch.channels_last)


def in_processes(pool, rows):
    list(pool.map(SPEC.read, rows.values, range(len(rows)), chunksize=16))


def labels(rows):
    return np.arange(len(rows)) % 2


def all_batches(dataset, workers=None, size=64):
    for _ in Batches(dataset, batch_size=size, workers=workers):
        pass


def test_threads_and_processes(benchmark, photographs):
    """Two processes, already started, are not much faster than the threads that need no start.

    What is asserted is CPU time, which others on the machine hardly change.
    """
    third = photographs.take(np.arange(N // 3))
    with ProcessPoolExecutor(2) as pool:
        in_processes(pool, third.take(np.arange(32)))
        sides = [(one_by_one, third), (SPEC.transform, third), (in_processes, pool, third)]
        taken = [[seconds(*side) for side in sides] for _ in range(3)]
    one, threads, processes = np.median(taken, axis=0)
    alone = [[cpu(bare_pillow, third), cpu(one_by_one, third)] for _ in range(3)]
    ratio = float(np.median([ours / bare for bare, ours in alone]))
    print(
        f"\n{len(third)} photographs: one by one {one:.2f} s, threads {threads:.2f} s, 2 processes "
        f"{processes:.2f} s, threads / processes {threads / processes:.2f}; CPU time of one by one "
        f"/ Pillow alone {ratio:.2f}"
    )
    benchmark.extra_info.update(one=one, threads=threads, processes=processes, of_pillow=ratio)
    benchmark.pedantic(SPEC.transform, (third,), rounds=1)
    assert ratio < 1.3


def spent(dataset, number):
    """Return the seconds and the CPU seconds of all processes of an epoch, without their start."""
    began = os.times()
    with Workers(number) as workers:
        all_batches(dataset, workers, size=8)
        first = time.perf_counter()
        all_batches(dataset, workers, size=8)
        taken = time.perf_counter() - first
    ended = os.times()
    return taken, sum(b - a for a, b in zip(began[:4], ended[:4], strict=True)) / 2


def test_workers(benchmark, photographs):
    """Worker processes divide the decoding: all of them together need hardly more CPU time.

    How much sooner an epoch ends depends on the cores that are idle, so that is only printed.
    """
    part = Undecoded(photographs.take(np.arange(N // 6)))
    taken = np.array([[spent(part, number) for number in (0, 1, 2)] for _ in range(3)])
    wall, used = np.median(taken, axis=0).T
    for number in (1, 2):
        print(
            f"\n{len(part)} photographs, {number} workers / none: {wall[number] / wall[0]:.2f} of "
            f"the time, {used[number] / used[0]:.2f} of the CPU time, "
            f"{used[number] / wall[number]:.2f} cores used (none: {used[0] / wall[0]:.2f})"
        )
    benchmark.extra_info.update(wall=(wall / wall[0]).tolist(), used=(cpu / used[0]).tolist())
    benchmark.pedantic(spent, (part, 2), rounds=1)
    assert used[2] < 1.2 * used[0]


def test_an_epoch_of_a_large_set(benchmark, photographs, on_disk):
    """From the cache, an epoch takes a small part of the time that decoding takes each time."""
    classes, y = ("a", "b"), labels(photographs)
    first = seconds(datasets_of, SPEC, classes, (photographs, y))
    again = seconds(datasets_of, SPEC, classes, (photographs, y))
    (mapped,), _ = datasets_of(SPEC, classes, (photographs, y))
    decoding = seconds(all_batches, Undecoded(photographs.take(np.arange(N // 3)))) * 3
    in_memory = ArrayDataset(np.stack([x.numpy() for x, _ in mapped]), y)
    pixels = in_memory.x.numpy()
    sides = [(all_batches, mapped), (all_batches, in_memory), (bare_batches, pixels)]
    taken = [[cpu(*side) for side in sides] for _ in range(5)]
    from_files, from_memory, bare = np.median(taken, axis=0)
    print(
        f"\n{N} photographs: made {first:.2f} s, found again {again:.2f} s; an epoch decoded each "
        f"time {decoding:.2f} s, in CPU time from files {from_files:.2f} s, from memory "
        f"{from_memory:.2f} s, bare copying {bare:.2f} s; from files / bare "
        f"{from_files / bare:.2f}, from memory / bare {from_memory / bare:.2f}"
    )
    benchmark.extra_info.update(first=first, again=again, decoding=decoding, files=from_files)
    benchmark.pedantic(all_batches, (mapped,), rounds=3)
    assert from_files < 1.5 * bare
    assert from_memory < 1.5 * bare
