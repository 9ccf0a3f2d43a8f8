"""Count the decisions of M2m that differ between translation in bfloat16 and in float32.

    python benchmarks/m2m_precision.py
    python benchmarks/m2m_precision.py --image-size 32 --every 1 --epochs 40  # hours on two cores

Three ResNet-32 are trained on long-tailed CIFAR-10, by default on every fifth image of it at 16
pixels; they take turns as f (in training) and g (trained). Seeds are translated in float32 and in
bfloat16 from the same noise, and g decides on each x* in the precision of its translation and in
float32: by M2m's rule, g's probability is at least gamma = .9, and by AMO's, g's cross-entropy is
below .9. Counted is what differs from float32 throughout. What rounding alone does is shown by
float32 against itself in torch's default memory format.
"""

import argparse

import torch
from lightning_fabric import Fabric

from imbtorch import ArrayDataset, Setup, fit
from imbtorch.data.arrays import class_counts
from imbtorch.data.augmentation.augment import crop_flip
from imbtorch.data.batches import Batches
from imbtorch.data.load import load_data
from imbtorch.models import resnet32
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms.folded import FoldedNetwork
from imbtorch.transforms.seeds import SeedDraw
from imbtorch.transforms.translate import target_probability, translate

GAMMA = 0.9
RULES = {"M2m's rule": lambda p: p >= GAMMA, "AMO's rule": lambda p: -p.log() < GAMMA}
MOVES = {"steps": 10, "step_size": 0.1, "noise": 0.09, "input_range": (0.0, 1.0)}


def trained(data, epochs, seed):
    """Return a network after some epochs of plain training."""
    network = resnet32(tuple(data.x.shape[1:]), len(data.classes), seed=seed)
    setup, fabric = Setup(schedule="cosine"), Fabric(devices=1, precision="bf16-mixed")
    result = fit(
        "erm",
        network,
        data,
        epochs=epochs,
        setup=setup,
        augment=crop_flip,
        seed=seed,
        fabric=fabric,
    )
    print(f"network {seed}: last training loss {result.history[-1]['loss']:.3f}", flush=True)
    return result.model.eval()


def in_default_format(network):
    """Return a folded network in float32 whose weights are in torch's default memory format."""
    folded = FoldedNetwork(network)
    folded._module.to(memory_format=torch.contiguous_format)
    return folded


def confidences(f, g, x0, k0, k, lam, seed):
    """Return g's probability of class k at x*: (precision of translation, of decision) -> (n,)."""
    pairs = {
        "float32": [FoldedNetwork(n) for n in (f, g)],
        "default format": [in_default_format(n) for n in (f, g)],
        "bfloat16": [FoldedNetwork(n, torch.bfloat16) for n in (f, g)],
    }
    exact, out = pairs["float32"][1], {}
    for name, (f_, g_) in pairs.items():
        rng = torch.Generator().manual_seed(seed)
        start = x0.contiguous() if name == "default format" else x0
        moved = translate(start, k0, k, f_, g_, lam=lam, rng=rng, **MOVES)
        with torch.no_grad():
            out[name, name] = target_probability(g_(moved), k)
            out[name, "float32"] = target_probability(exact(moved), k)
    return out


def compare(networks, data, lam, number):
    """Print the shares of decisions that differ, of all translations together."""
    counts, total = class_counts(data), 0
    found = {}
    for turn, f in enumerate(networks):
        g = networks[(turn + 1) % len(networks)]
        sampler, rng = ClassBalancedSampler(data.y, seed=turn), torch.Generator().manual_seed(turn)
        batches = Batches(data, sampler, batch_size=128, augment=crop_flip, rng=rng)
        draw, done = SeedDraw(counts, 0.999, turn), 0
        for step, (x, y) in enumerate(batches):
            chosen, seeds = draw.seeds(y, draw.choose(y), y)
            one = confidences(f, g, x[seeds], y[seeds], y[chosen], lam, step)
            for key, p in one.items():
                found.setdefault(key, []).append(p)
            done += len(chosen)
            if done >= number / len(networks):
                break
        total += done
    p = {key: torch.cat(parts) for key, parts in found.items()}
    exact = p["float32", "float32"]
    for rule, accepts in RULES.items():
        kept = accepts(exact)
        print(f"lam {lam}, {rule}: {total} translations, {kept.float().mean():.3f} accepted")
        for (translated, decided), value in p.items():
            if translated != "float32":
                other = accepts(value) != kept
                print(
                    f"  translated in {translated}, decided in {decided}: "
                    f"{int(other.sum())} of {total} differ ({other.float().mean():.2%}), "
                    f"{accepts(value).float().mean():.3f} accepted",
                    flush=True,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image-size", type=int, default=16)
    parser.add_argument("--every", type=int, default=5, help="use every n-th training image")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--translations", type=int, default=2000, help="for each lam, in all")
    asked = parser.parse_args()
    whole = load_data("cifar10", profile="exponential", image_size=asked.image_size).train
    data = ArrayDataset(whole.x[:: asked.every], whole.y[:: asked.every], whole.classes)
    networks = [trained(data, asked.epochs, seed) for seed in range(3)]
    for lam in (0.1, 0.5):
        compare(networks, data, lam, asked.translations)
