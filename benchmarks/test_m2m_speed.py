"""Time M2m against the bare convolutions of its passes, and against obvious implementations.

Run with ``make benchmark``; the number in brackets is the ratio to the fastest of the group. The
floor of a generation is what its passes cannot do without: the networks' convolutions, forward and
backward to the input, once per step and network, and the forward passes that judge what was made.
A ratio to it is the median over rounds in which both run one after the other, so that neither the
machine nor what else runs on it counts.
"""

import statistics
import time
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from imbtorch import ArrayDataset
from imbtorch.data import exponential_counts
from imbtorch.data.batches import Batches
from imbtorch.models import resnet32
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms import M2m
from imbtorch.transforms.seeds import SeedDraw

COUNTS = exponential_counts(5000, 10, 100)
LIMITS = {torch.float32: 1.6, torch.bfloat16: 1.8}
"""Precision -> how many times the bare convolutions a generation may take."""
OPTIONS = {"beta": 0.999, "lam": 0.1, "gamma": 0.9, "input_range": (0.0, 1.0)}


@pytest.fixture
def networks():
    """f and g after a few forward passes in training mode, so that activations have usual size."""
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


def straightforward(x, y, f, g, draw, steps=10, step_size=0.1, lam=0.1, gamma=0.9):
    """Translate the whole selection in float32, with autograd; reject after generating."""
    f.eval()
    g.eval()
    x = x.contiguous()
    chosen = draw.choose(y)
    weights = draw.accept[y].T[y[chosen]]
    chosen, weights = chosen[weights.sum(1) > 0], weights[weights.sum(1) > 0]
    seeds = torch.multinomial(weights, 1, generator=draw.rng)[:, 0]
    k0, k = y[seeds], y[chosen]
    moved = x[seeds].clone()
    for _ in range(steps):
        moved.requires_grad_()
        loss = F.cross_entropy(g(moved), k) + lam * f(moved).gather(1, k0[:, None]).mean()
        (gradient,) = torch.autograd.grad(loss, moved)
        norm = gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1).clamp_min(1e-12)
        moved = (moved.detach() - step_size * gradient / norm).clamp(0, 1)
    with torch.no_grad():
        sure = g(moved).softmax(1).gather(1, k[:, None])[:, 0] >= gamma
    kept = sure & (torch.rand(len(k), generator=draw.rng) < draw.accept[k0, k])
    out = x.clone()
    out[chosen[kept]] = moved[kept]
    f.train()
    return out, y


def ours(networks, **options):
    f, g = networks
    m2m = M2m(g, COUNTS, **{**OPTIONS, **options}, seed=0)
    return lambda x, y: m2m(x, y, f)


def obvious(networks):
    f, g = networks
    for network in networks:
        network.to(memory_format=torch.contiguous_format)
    draw = SeedDraw(COUNTS, OPTIONS["beta"], 0)
    return lambda x, y: straightforward(x, y, f, g, draw)


GENERATIONS = {
    "straightforward": obvious,
    "ours": ours,
    "ours, bfloat16": partial(ours, dtype=torch.bfloat16),
    "ours, compiled": partial(ours, compile=True),
    "ours, compiled, early stop": partial(ours, compile=True, early_stop=True),
}


@pytest.mark.benchmark(group="one generation")
@pytest.mark.parametrize("way", GENERATIONS)
def test_generation(benchmark, way, networks, batch):
    x, y = batch
    generate = GENERATIONS[way](networks)
    benchmark.pedantic(generate, args=(x, y), rounds=7, warmup_rounds=2)


def step(network, optimizer, x, y, dtype=None):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is not None):
        loss = F.cross_entropy(network(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def bare_convolutions(network, x, dtype):
    """Return two functions that run all convolutions of a network: forward, and to their inputs."""
    calls = []

    def note(layer, inputs, output):
        tensors = (output, inputs[0], layer.weight)
        of_dtype = [t.detach().to(dtype, memory_format=torch.channels_last) for t in tensors]
        calls.append((*of_dtype, layer.stride, layer.padding, layer.dilation))

    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    with torch.no_grad():
        network.eval()(x)
    for hook in hooks:
        hook.remove()
    assert len(calls) == len(layers)

    def forward():
        for _, x, weight, stride, padding, dilation in calls:
            F.conv2d(x, weight, None, stride, padding, dilation)

    def backward():
        for gradient, x, weight, *shape in calls:
            torch.ops.aten.convolution_backward(
                gradient, x, weight, None, *shape, False, [0, 0], 1, [True, False, False]
            )

    return forward, backward


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


@pytest.mark.parametrize(("dtype", "limit"), LIMITS.items(), ids=str)
def test_a_generation_over_the_bare_convolutions_of_its_passes(
    benchmark, dtype, limit, networks, batch
):
    x, y = batch
    f, g = networks
    m2m = M2m(g, COUNTS, **OPTIONS, dtype=dtype, seed=0)
    state = m2m.rng.get_state()

    def generate():  # the same one every time
        m2m.rng.set_state(state)
        m2m(x, y, f)

    generate()
    number = sum(m2m.statistics.flush()["translated"])
    forward, backward = bare_convolutions(g, x[:number], dtype)
    judge, _ = bare_convolutions(g, x[:number], torch.float32)

    def floor():
        with torch.no_grad():
            for _ in range(2 * m2m.steps):  # f and g
                forward()
                backward()
            judge()  # g of what was made
            forward()  # f of it, for the statistics

    floor()
    pairs = [(seconds(generate), seconds(floor)) for _ in range(3)]
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    ours, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"\n{dtype}, {number} translations: {ours:.3f} s, bare convolutions {bare:.3f} s, "
        f"ratio {ratio:.2f}"
    )
    benchmark.extra_info.update(generation=ours, bare=bare, ratio=ratio)
    benchmark.pedantic(generate, rounds=1)
    assert ratio <= limit


STEPS = {
    "plain ERM, float32": None,
    "M2m, straightforward": obvious,
    "M2m, ours": ours,
    "M2m, ours, compiled": partial(ours, compile=True),
}


@pytest.mark.benchmark(group="one training step")
@pytest.mark.parametrize("way", STEPS)
def test_training_step(benchmark, way, networks, batch):
    x, y = batch
    generate = STEPS[way](networks) if STEPS[way] else None
    if not way.startswith("M2m, ours"):
        x = x.contiguous()
        networks[0].to(memory_format=torch.contiguous_format)
    optimizer = torch.optim.SGD(networks[0].train().parameters(), 0.01)

    def whole_step():
        step(networks[0], optimizer, *(generate(x, y) if generate else (x, y)))

    benchmark.pedantic(whole_step, rounds=7, warmup_rounds=2)
