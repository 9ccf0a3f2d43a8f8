"""Pictures of what is done in the space of embeddings."""

import numpy as np
import torch
from torch import nn

from draw.common import ARROW, GRAY, NEW, OFTEN, RARE, bare, dots, panels, toy, under
from imbtorch import Recipe, Setup, Train, fit
from imbtorch.models import Classifier
from imbtorch.resampling import (
    EOS,
    draw_weights,
    overload,
)
from imbtorch.training import LocalEmbedding, NearestHead, TripletEmbedding, tau_normalize


def eos():
    x, y = toy(90, 12)
    figure, axes = panels(2, height=3.4)
    for axis, k in zip(axes, (3, 30), strict=True):
        sampler = EOS(k, random_state=0)
        new = sampler.fit_resample(x, y)[0][len(x) :]
        for base, enemy in zip(x[sampler.base_indices_], x[sampler.enemy_indices_], strict=True):
            axis.plot(*np.stack([base, enemy]).T, color=NEW, linewidth=0.5, alpha=0.4)
        dots(axis, x[y == 0], OFTEN, "frequent class", alpha=0.6)
        dots(axis, x[y == 1], RARE, "rare class", size=26)
        dots(axis, new, NEW, "new, labeled rare", size=12)
        bare(axis, f"enemies among {k} neighbors")
    under(figure, axes[0])
    return figure


def heads():
    x, y = toy(300, 15, seed=1)
    model = Classifier(nn.Identity(), nn.Linear(2, 2))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.head.reset_parameters()
    fit("erm", model, (x, y), epochs=30, setup=Setup(batch_size=32))
    figure, axes = panels(2, height=3.2)
    for axis, head, name in (
        (axes[0], model.head, "trained head"),
        (axes[1], tau_normalize(model.head), "tau-norm: length 1"),
    ):
        dots(axis, x[y == 0], OFTEN, alpha=0.4, size=10)
        dots(axis, x[y == 1], RARE, size=20)
        w, b = head.weight.detach().numpy(), float(head.bias.detach().diff())
        d = w[1] - w[0]
        u = np.linspace(-4, 5, 2)
        axis.plot(u, -(b + d[0] * u) / d[1], color=GRAY)
        axis.quiver([0, 0], [0, 0], *w.T, color=[OFTEN, RARE], **ARROW)
        bare(axis, name)
        axis.set(xlim=(-3.5, 4.5), ylim=(-2.5, 4))
    return figure


def dos():
    x, y = toy(40, 9, seed=5)
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    members, present = overload(x, y, [0, 4])
    sample = 46
    rng = torch.Generator().manual_seed(0)
    weights = draw_weights(present[[sample] * 12], rng)
    targets = weights @ x[members[sample]]
    figure, (axis,) = panels(1, height=3.6)
    dots(axis, x[y == 0], OFTEN, "frequent class", alpha=0.6)
    dots(axis, x[y == 1], RARE, "rare class", size=36)
    for other in members[sample, 1:]:
        axis.plot(*x[[sample, int(other)]].T, color=RARE, linewidth=0.8, linestyle=":")
    axis.quiver(*x[[sample] * 12].T, *(targets - x[sample]).T, color=NEW, **ARROW)
    dots(axis, targets, NEW, "targets of one embedding", size=30)
    bare(axis, "one sample, four neighbors of its class, twelve draws")
    under(figure, axis)
    return figure


def metric_learning():
    rng = np.random.default_rng(0)
    angle = np.concatenate([rng.normal(m, 0.45, n) for m, n in ((0.3, 120), (1.9, 40), (3.3, 12))])
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * rng.normal(1, 0.35, (len(angle), 1))
    x, y = x.astype(np.float32), np.repeat([0, 1, 2], [120, 40, 12])
    rounds = [Train(20), *[LocalEmbedding(20) for _ in range(3)], NearestHead(5)]
    recipes = {
        "plain training": Recipe("erm", [Train(60)]),
        "triplet": Recipe("triplet", [TripletEmbedding(60), NearestHead(5)]),
        "lmle": Recipe("lmle", rounds),
    }
    figure, axes = panels(3, height=2.7)
    for axis, (name, recipe) in zip(axes, recipes.items(), strict=True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            features = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
            model = Classifier(features, nn.Linear(2, 3))
        fitted = fit(recipe, model, (x, y), setup=Setup(batch_size=32, lr=0.05)).model
        with torch.no_grad():
            unit = nn.functional.normalize(fitted.features(torch.as_tensor(x)))
        for k, color in enumerate((OFTEN, NEW, RARE)):
            dots(axis, unit[y == k], color, alpha=0.7)
        bare(axis, name)
        axis.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
    return figure
