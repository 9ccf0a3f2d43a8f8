"""Measure M2m on trained networks: time, memory, effects of low precision and early stopping.

    imbtorch compare cifar10 --profile exponential --ratio 100 --recipes erm,m2m --out RUN
    python benchmarks/trained_m2m.py RUN

Untrained networks never reach gamma, so early stopping only shows here. All ways take turns,
batch by batch; times are medians, and ratios are taken within one run. f is the stored network of
recipe erm, g the stored pretrained network.
"""

import copy
import multiprocessing
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from test_m2m_speed import OPTIONS, step, straightforward

from imbtorch import Setup, load_checkpoint
from imbtorch.data.arrays import class_counts, labels_of
from imbtorch.data.augmentation.augment import crop_flip
from imbtorch.data.batches import Batches
from imbtorch.data.inputs import input_from_json
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training.optimizer import make_optimizer
from imbtorch.transforms import M2m
from imbtorch.transforms.folded import FoldedNetwork
from imbtorch.transforms.seeds import SeedDraw
from imbtorch.transforms.translate import target_probability, translate

ROUNDS = 9


def load(folder):
    """Return f, g, the class counts and an iterator over class-balanced batches."""
    f, header = load_checkpoint(folder / "checkpoints" / "erm-seed0.safetensors")
    g, _ = load_checkpoint(folder / "pretrained.safetensors")
    trained_on = TrainedOn.from_header(header["data"])
    train = load_for(header["data"]["name"], input_from_json(header["input"]), trained_on).train
    sampler = ClassBalancedSampler(labels_of(train), seed=0)
    rng = torch.Generator().manual_seed(0)
    batches = Batches(train, sampler, batch_size=128, augment=crop_flip, rng=rng)
    return f, g, class_counts(train), iter(batches)


def contiguous(network):
    """Return a copy in torch's default memory format."""
    return copy.deepcopy(network).to(memory_format=torch.contiguous_format)


def ways(f, g, counts):
    """Return the functions to time: way -> ((x, y) -> (x, y))."""
    draw = SeedDraw(counts, OPTIONS["beta"], 0)
    plain_f, plain_g = contiguous(f), contiguous(g)
    made = {"straightforward": lambda x, y: straightforward(x, y, plain_f, plain_g, draw)}
    for name, options in {
        "default": {},
        "bfloat16": {"dtype": torch.bfloat16},
        "compiled": {"compile": True},
        "compiled, early stop": {"compile": True, "early_stop": True},
    }.items():
        m2m = M2m(g, counts, **OPTIONS, **options, seed=0)
        made[name] = lambda x, y, m2m=m2m: m2m(x, y, f)
    return made


def clock(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def times(f, g, counts, batches):
    """Print the time of a generation and of a whole step, and the ratios.

    A whole step is a generation plus the step of `fit`, which trains channels-last with a fused
    optimizer. The plain step is one without either.
    """
    f = f.to(memory_format=torch.channels_last)
    plain_network = contiguous(f).train()
    plain_optimizer = torch.optim.SGD(plain_network.parameters(), 1e-6, momentum=0.9)
    optimizer = make_optimizer(Setup(lr=1e-6), f)
    generations = ways(f, g, counts)
    seconds = {way: [] for way in (*generations, "plain step", "fit's step")}
    for turn in range(ROUNDS + 2):
        x, y = next(batches)
        taken = {way: clock(make, x, y) for way, make in generations.items()}
        taken["fit's step"] = clock(step, f.train(), optimizer, x, y)
        taken["plain step"] = clock(step, plain_network, plain_optimizer, x.contiguous(), y)
        if turn >= 2:  # the first turns include compilation
            for way, value in taken.items():
                seconds[way].append(value)
    plain, own = (statistics.median(seconds[way]) for way in ("plain step", "fit's step"))
    slow = statistics.median(seconds["straightforward"])
    print(f"plain float32 step {plain:.3f} s, fit's step without M2m {own:.3f} s")
    for way in generations:
        taken = statistics.median(seconds[way])
        print(
            f"{way:22} generation {taken:.3f} s, {slow / taken:.2f} times as fast as "
            f"straightforward; whole step / plain step "
            f"{(taken + (plain if way == 'straightforward' else own)) / plain:.2f}"
        )


def differences(f, g, counts, batches):
    """Print how much bfloat16 and early stopping differ from the float32 method."""
    draw = SeedDraw(counts, OPTIONS["beta"], 0)
    exact, fast = ([FoldedNetwork(n, d) for n in (f, g)] for d in (torch.float32, torch.bfloat16))
    cosines, kept, other, early = [], 0, 0, 0
    total = 0
    for _ in range(ROUNDS):
        x, y = next(batches)
        chosen, seeds = draw.seeds(y, draw.choose(y), y)
        x0, k0, k = x[seeds], y[seeds], y[chosen]
        gradients = []
        for f_, g_ in (exact, fast):
            point = x0.clone().requires_grad_()
            loss = F.cross_entropy(g_(point), k, reduction="sum")
            loss = loss + OPTIONS["lam"] * f_(point).gather(1, k0[:, None]).sum()
            gradients.append(torch.autograd.grad(loss, point)[0].flatten(1))
        cosines.append(F.cosine_similarity(*gradients))
        decisions = []
        for (f_, g_), stop in ((exact, None), (fast, None), (exact, OPTIONS["gamma"])):
            rng = torch.Generator().manual_seed(0)
            options = {"steps": 10, "step_size": 0.1, "noise": 0.09, "input_range": (0.0, 1.0)}
            moved = translate(
                x0, k0, k, f_, g_, lam=OPTIONS["lam"], stop_at=stop, rng=rng, **options
            )
            decisions.append(target_probability(g_(moved), k) >= OPTIONS["gamma"])
        total += len(k)
        kept += int(decisions[0].sum())
        other += int((decisions[0] != decisions[1]).sum())
        early += int(decisions[2].sum())
    cosine = torch.cat(cosines)
    print(
        f"{total} translations, {kept / total:.3f} of them kept (with early stop "
        f"{early / total:.3f}); bfloat16: cosine of the first gradient {cosine.mean():.4f} on "
        f"average, decisions that differ {other / total:.4f}"
    )


def peak(folder, what, queue):
    """Put into the queue how much the resident memory of this process grows at its peak."""
    f, g, counts, batches = load(folder)
    x, y = next(batches)
    Path("/proc/self/clear_refs").write_text("5")  # resets the recorded peak (Linux)
    before = status("VmRSS")
    if what == "plain step":
        step(f.train(), torch.optim.SGD(f.parameters(), 1e-6), x, y)
    else:
        M2m(g, counts, **OPTIONS, seed=0)(x, y, f)
    queue.put(status("VmHWM") - before)


def status(entry):
    """Return a figure of this process in KiB: VmRSS is its current memory, VmHWM its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(entry))


def memory(folder):
    """Print the peak memory of a generation, relative to that of a plain step."""
    context, grown = multiprocessing.get_context("spawn"), {}
    for what in ("plain step", "generation"):
        queue = context.Queue()
        process = context.Process(target=partial(peak, folder, what, queue))
        process.start()
        grown[what] = queue.get() / 1024
        process.join()
    ratio = grown["generation"] / grown["plain step"]
    print(", ".join(f"{k} {v:.0f} MiB" for k, v in grown.items()), f"ratio {ratio:.2f}")


if __name__ == "__main__":
    run = Path(sys.argv[1])
    f, g, counts, batches = load(run)
    differences(f, g, counts, batches)
    times(f, g, counts, batches)
    memory(run)
