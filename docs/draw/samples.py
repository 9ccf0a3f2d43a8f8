"""Pictures of what changes the samples a network sees."""

from functools import partial

import numpy as np
import torch
from imblearn.over_sampling import RandomOverSampler
from matplotlib.colors import to_rgb
from sklearn.datasets import load_digits
from torch import nn

from draw.common import (
    ARROW,
    COUNTS,
    GRAY,
    NEW,
    OFTEN,
    PAIR,
    RARE,
    bare,
    dots,
    network,
    panels,
    probability,
    toy,
    under,
)
from imbtorch.data import exponential_counts
from imbtorch.losses import (
    effective_number_weights,
    inverse_frequency_weights,
)
from imbtorch.resampling import (
    BAGAN,
    CGAN,
    GAMO,
    SMOTE,
    SVMSMOTE,
    BorderlineSMOTE,
    DeepSMOTE,
)
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms import CutMix, Mixup, Remix, acceptance_matrix, adversarial, translate


def reweighting():
    figure, (axis,) = panels(1, height=3.2)
    axis.loglog(COUNTS, inverse_frequency_weights(COUNTS), "o-", color=RARE, label="rw: 1 / n")
    for beta, style in ((0.9999, "-"), (0.999, "--"), (0.99, ":")):
        weights = effective_number_weights(COUNTS, beta)
        label = f"cb-rw, beta {beta}" + (" (default)" if beta == 0.9999 else "")
        axis.loglog(COUNTS, weights, style, marker=".", color=OFTEN, label=label)
    axis.set_xlabel("samples of the class")
    axis.set_ylabel("weight of a sample")
    axis.legend()
    return figure


def balanced_sampling():
    labels = np.repeat(np.arange(10), COUNTS)
    plan = ClassBalancedSampler(labels, seed=0).plan()
    figure, (left, right) = panels(2, height=2.8)
    place = np.arange(10)
    left.bar(place - 0.2, COUNTS, 0.4, color=OFTEN, label="as stored")
    left.bar(place + 0.2, np.bincount(labels[plan]), 0.4, color=RARE, label="class-balanced")
    left.set_title("samples an epoch sees")
    left.legend()
    right.bar(place, np.bincount(labels[plan]) / COUNTS, color=RARE)
    right.axhline(1, color=GRAY, linewidth=1)
    right.set_title("how often it sees each one")
    for axis in (left, right):
        axis.set_xticks(place)
        axis.set_xlabel("class")
    return figure


def smote_family():
    x, y = toy(60, 12)
    x[-1] = [-1.0, 0.4]  # a rare sample deep among the frequent ones
    samplers = {
        "ros: repeats": RandomOverSampler(random_state=0),
        "smote: between neighbors": SMOTE(random_state=0),
        "borderline-smote: at the border": BorderlineSMOTE(random_state=0),
        "svm-smote: support vectors": SVMSMOTE(random_state=0),
    }
    figure, axes = panels(4, rows=2, height=5.4)
    for axis, (name, sampler) in zip(axes, samplers.items(), strict=True):
        new, _ = sampler.fit_resample(x, y)
        new = new[len(x) :]
        repeated = name.startswith("ros")
        dots(axis, x[y == 0], OFTEN, alpha=0.6)
        dots(axis, new, NEW, size=60 if repeated else 14, alpha=0.5)
        dots(axis, x[y == 1], RARE, size=26)
        bare(axis, name)
    return figure


def generative():
    """Real digits, and what four over-samplers make of 8 to 64 of each class."""
    digits = load_digits()
    counts = dict(zip(range(10), exponential_counts(80, 10, 10), strict=True))
    kept = np.concatenate([np.flatnonzero(digits.target == k)[:n] for k, n in counts.items()])
    x, y = digits.images[kept, None].astype(np.float32), digits.target[kept]
    rows = {"real": [x[y == k][0] for k in range(1, 10)]}
    for make, steps in ((DeepSMOTE, 1500), (BAGAN, 1500), (CGAN, 300), (GAMO, 1000)):
        sampler = make(steps=steps, width=16, random_state=0)
        sampler.fit_resample(x, y)
        rows[make.__name__] = [sampler.examples_[k][0] for k in range(1, 10)]
    figure, axes = panels(45, rows=5, height=3.6)
    for axes_of_row, (name, images) in zip(np.reshape(axes, (5, 9)), rows.items(), strict=True):
        for axis, image in zip(axes_of_row, images, strict=True):
            axis.imshow(image[0], cmap="gray", vmin=0, vmax=16)
            axis.set(xticks=[], yticks=[])
        axes_of_row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    return figure


def mixing():
    figure, (left, right) = panels(2, height=3)
    x, y = toy(40, 12)
    # one lambda per batch: several batches show its range
    for seed in range(8):
        moved, labels = Mixup(2, seed=seed)(torch.as_tensor(x), torch.as_tensor(y), None)
        mixed = (labels.max(1).values < 1).numpy()
        share = labels[mixed][:, 1].numpy()
        left.scatter(*moved[mixed].T, c=share, cmap=PAIR, s=12, vmin=0, vmax=1, linewidths=0)
    dots(left, x[y == 0], OFTEN, size=30)
    dots(left, x[y == 1], RARE, size=30)
    bare(left, "points mixed like labels")
    lam = np.linspace(0, 1, 201)
    remix, often, rare = Remix([90, 10]), torch.tensor([0]), torch.tensor([1])
    share = [1 - float(remix.label_share(a, often, rare)) for a in lam]
    right.plot(1 - lam, 1 - lam, color=OFTEN, label="Mixup")
    right.plot(1 - lam, share, color=RARE, label="Remix", linestyle="--")
    right.set_xlabel("share of the rare sample")
    right.set_ylabel("share of its label")
    right.legend()
    return figure


def cutmix():
    figure, (left, right) = panels(2, height=3)
    line = torch.linspace(-1, 1, 33)
    slopes = torch.tensor([1.0, -1.0, 0.3])[:, None, None]
    stripes = ((line[:, None] + slopes * line) % 0.5 < 0.25)[:, None]
    rings = ((line[:, None] ** 2 + line**2)[None, None] % 0.4 < 0.2).expand(3, -1, -1, -1)
    light, blue, orange = (
        torch.tensor(rgb)[:, None, None] for rgb in map(to_rgb, ("w", OFTEN, RARE))
    )
    images = torch.cat([torch.where(stripes, blue, light), torch.where(rings, orange, light)])
    often, labels = images[:3], torch.tensor([0, 0, 0, 1, 1, 1])
    rows = []
    for seed in (0, 3):  # a batch of frequent images, each time with another box
        x, _ = CutMix((images, labels), 2, p=1.0, r=1.0, seed=seed)(often, labels[:3], None)
        rows.append(torch.cat([*nn.functional.pad(x, (2, 2, 2, 2), value=1.0)], 2))
    left.imshow(torch.cat(rows, 1).permute(1, 2, 0))
    bare(left, "two batches, each with its box")
    plain = np.array(COUNTS) / sum(COUNTS)
    right.semilogy(plain, color=GRAY, label="data, r = 0")
    for r, color, style in ((1.0, OFTEN, "-"), (2.0, RARE, "--")):
        mixed = CutMix.label_shares(plain, COUNTS, r=r)
        right.semilogy(mixed, style, color=color, label=f"r = {r:g}")
    right.set_xlabel("class, from frequent to rare")
    right.set_ylabel("share of the labels")
    right.legend(loc="upper right")
    return figure


def aos():
    x, y = toy(90, 14)
    model = network(x, y)
    rare = torch.as_tensor(x[y == 1])
    moved = adversarial(rare, torch.ones(len(rare), dtype=torch.int64), model, 0.3)
    figure, (axis,) = panels(1, height=3.6)
    probability(axis, model, ((-3, 4), (-2, 3)))
    dots(axis, x[y == 0], OFTEN, "frequent class", alpha=0.6)
    dots(axis, rare, RARE, "rare class", size=26)
    dots(axis, moved, NEW, "moved by epsilon", size=26)
    axis.quiver(*rare.T, *(moved - rare).T, color=NEW, **ARROW)
    bare(axis, "each step goes against the boundary")
    under(figure, axis)
    return figure


def m2m():
    rng = np.random.default_rng(1)
    often = rng.normal([0.3, 0.35], [0.13, 0.12], (80, 2))
    rare = rng.normal([0.75, 0.7], 0.07, (8, 2))
    x, y = np.concatenate([often, rare]).astype(np.float32), np.repeat([0, 1], [80, 8])
    pretrained, model = network(10 * x - 5, y), network(10 * x - 5, y, seed=1)
    g, f = (lambda p: pretrained(10 * p - 5)), (lambda p: model(10 * p - 5))
    seeds = torch.as_tensor(x[[4, 17, 30, 45]])
    k0, k = torch.zeros(4, dtype=torch.int64), torch.ones(4, dtype=torch.int64)
    move = partial(translate, seeds, k0, k, f, g, lam=0.1, step_size=0.05)
    path = torch.stack([seeds, *(move(steps=n) for n in range(1, 11))])
    figure, (left, right) = panels(2, height=3.4)
    probability(left, g, ((0, 1), (0, 1)))
    dots(left, x[y == 0], OFTEN, "frequent class", alpha=0.5)
    dots(left, x[y == 1], RARE, "rare class", size=26)
    left.plot(path[..., 0], path[..., 1], color=NEW, linewidth=1.5, marker=".", markersize=4)
    dots(left, path[-1], NEW, "translated", size=40)
    bare(left, "ten steps, against g")
    under(figure, left)
    gap = np.unique(np.geomspace(1, 5000, 80).astype(int))
    for beta, style in ((0.9, ":"), (0.99, "--"), (0.999, "-")):
        accept = [float(acceptance_matrix([n + 50, 50], beta)[0, 1]) for n in gap]
        right.semilogx(gap, accept, style, color=RARE)
        right.text(1.15 * np.log(0.5) / np.log(beta), 0.45, beta)
    right.set_xlabel("samples more than the target")
    right.set_title("chance of a seed class, by beta")
    return figure
