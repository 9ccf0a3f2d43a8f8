"""Draw the pictures of the method pages from the library itself: `python docs/build_pictures.py`.

All data is synthetic and two-dimensional. Backgrounds are transparent and text is gray, so that
a picture is readable on light and dark pages. With names after the command, it draws those alone.
"""

import io
import sys
import warnings
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from imblearn.over_sampling import RandomOverSampler
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

from imbtorch import Recipe, Setup, Train, fit
from imbtorch.data import exponential_counts
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    FocalLoss,
    LDAMLoss,
    effective_number_weights,
    inverse_frequency_weights,
    ldam_margins,
)
from imbtorch.losses.von_mises_fisher import expected_scores
from imbtorch.models import Classifier
from imbtorch.resampling import (
    BAGAN,
    CGAN,
    EOS,
    GAMO,
    SMOTE,
    SVMSMOTE,
    BorderlineSMOTE,
    DeepSMOTE,
    draw_weights,
    overload,
)
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import LocalEmbedding, NearestHead, TripletEmbedding, tau_normalize
from imbtorch.training.average import moving_average
from imbtorch.transforms import CutMix, Mixup, Remix, acceptance_matrix, adversarial, translate

PICTURES = Path(__file__).parent / "pictures"
GRAY, OFTEN, RARE, NEW = "#8a8a8a", "#4c93d0", "#e08214", "#3aa981"
COUNTS = exponential_counts(5000, 10, 100)


def panels(number, width=6.2, height=3.0, rows=1, **options):
    """Return a figure and its panels."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, number // rows, **options)).flatten()
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def bare(axis, title):
    """Leave only the points and a title."""
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)


def under(figure, axis):
    """Put the legend of a panel below the picture."""
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3)


def dots(axis, x, color, label=None, size=18, **options):
    axis.scatter(*np.asarray(x).T, s=size, color=color, label=label, linewidths=0, **options)


def toy(n_often=90, n_rare=12, seed=3):
    """Return two overlapping clouds: x (N, 2) float32 and y (N,)."""
    rng = np.random.default_rng(seed)
    often = rng.normal(0, 1, (n_often, 2)) * [1.2, 0.8]
    rare = rng.normal([1.9, 1.3], 0.75, (n_rare, 2))
    y = np.repeat([0, 1], [n_often, n_rare])
    return np.concatenate([often, rare]).astype(np.float32), y


def network(x, y, seed=0, inner=32):
    """Return a small network trained on the toy data, with smooth logits."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(2, inner), nn.Tanh(), nn.Linear(inner, int(y.max()) + 1))
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    optimizer = torch.optim.Adam(model.parameters(), 0.03, weight_decay=1e-3)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model.eval()


def probability(axis, model, box, target=1):
    """Draw contours of the probability that the model gives the target class."""
    u, v = (np.linspace(a, b, 120, dtype=np.float32) for a, b in box)
    grid = torch.as_tensor(np.stack(np.meshgrid(u, v), -1).reshape(-1, 2))
    with torch.no_grad():
        p = model(grid).softmax(1)[:, target].reshape(len(v), len(u)).numpy()
    axis.contour(u, v, p, [0.1, 0.5, 0.9], colors=GRAY, linestyles=[":", "-", "--"], linewidths=1)


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


def focal():
    p = torch.linspace(0.02, 0.999, 200)
    logits, right = torch.stack([p.log(), (1 - p).log()], 1), torch.tensor([0])
    losses = {
        "cross-entropy": (nn.CrossEntropyLoss(), "-", GRAY),
        "focal, gamma 1": (FocalLoss(1.0), "-", OFTEN),
        "focal, gamma 2": (FocalLoss(2.0), "--", OFTEN),
        "asl, gamma- 4": (AsymmetricLoss(), "-", RARE),
    }
    figure, (axis,) = panels(1, height=3)
    for name, (loss, style, color) in losses.items():
        axis.plot(p, [loss(z[None], right) for z in logits], style, color=color, label=name)
    axis.set_xlabel("probability of the right class, of two")
    axis.set_ylabel("loss")
    axis.set_ylim(0, 3)
    axis.legend()
    return figure


def ldam():
    figure, (left, right) = panels(2, height=3)
    left.semilogx(COUNTS, ldam_margins(COUNTS), "o-", color=RARE)
    left.set_xlabel("samples of the class")
    left.set_title("margin")
    lead = torch.linspace(-0.5, 1, 100)
    loss = LDAMLoss([5000, 50])
    cosines = torch.stack([lead, torch.zeros(100)], 1)
    for k, name, color in ((0, "of 5,000 samples", OFTEN), (1, "of 50 samples", RARE)):
        z = cosines if k == 0 else cosines.flip(1)
        right.plot(lead, [loss(row[None], torch.tensor([k])) for row in z], color=color, label=name)
    right.set_xlabel("lead of the right class's cosine")
    right.set_title("loss of a class")
    right.legend()
    return figure


def logit_adjustment():
    x, y = (torch.as_tensor(a) for a in toy(400, 20, seed=0))
    losses = {
        "cross-entropy": (nn.CrossEntropyLoss(), GRAY, ":"),
        "cdt": (CDTLoss([400, 20]), OFTEN, "--"),
        "balanced softmax": (BalancedSoftmaxLoss([400, 20]), NEW, "-"),
    }
    figure, (axis,) = panels(1, height=3.6)
    dots(axis, x[y == 0], OFTEN, alpha=0.5)
    dots(axis, x[y == 1], RARE, size=26)
    u = np.linspace(-3, 5, 2)
    for name, (loss, color, style) in losses.items():
        head = nn.Linear(2, 2)
        nn.init.zeros_(head.weight), nn.init.zeros_(head.bias)
        optimizer = torch.optim.LBFGS(head.parameters(), max_iter=300)

        def closure(head=head, loss=loss, optimizer=optimizer):
            optimizer.zero_grad()
            value = loss(head(x), y) + 1e-3 * head.weight.square().sum()
            value.backward()
            return value

        optimizer.step(closure)
        w = (head.weight[1] - head.weight[0]).detach().numpy()
        b = float(head.bias.detach().diff())
        axis.plot(u, -(b + w[0] * u) / w[1], style, color=color, linewidth=2, label=name)
    bare(axis, "the boundary of a linear classifier")
    axis.set(xlim=(-3.5, 4.5), ylim=(-3, 4))
    under(figure, axis)
    return figure


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


def sam():
    w = np.linspace(-3, 4.5, 751)
    # a wide valley, and a narrow one that is deeper
    loss = 0.15 + 0.1 * (w - 1.5) ** 2 - 0.7 * np.exp(-((w + 1) ** 2) / (2 * 0.15**2))
    figure, (axis,) = panels(1, height=3.0)
    axis.plot(w, loss, color=OFTEN, label="loss")
    axis.plot(w[np.argmin(loss)], loss.min(), "o", color=OFTEN)
    for rho, style in ((0.2, ":"), (0.5, "--")):
        near = np.abs(w[:, None] - w) <= rho
        highest = np.where(near, loss, -np.inf).max(1)
        axis.plot(w, highest, style, color=RARE, label=f"highest within rho = {rho}")
        axis.plot(w[np.argmin(highest)], highest.min(), "o", color=RARE)
    axis.set(xlabel="weight", xlim=(-2, 3.5), ylim=(0, 1.5))
    axis.legend()
    return figure


def proco():
    angle = torch.linspace(0, np.pi, 100)
    z = nn.functional.pad(torch.stack([angle.cos(), angle.sin()], 1), (0, 126))
    kappa = torch.tensor([30.0, 100.0, 400.0, 1e5])
    mu = torch.eye(128)[:1].expand(4, -1)
    figure, (axis,) = panels(1, height=3)
    scores = expected_scores(z, mu, kappa, 0.1).T
    for k, style, color, values in zip(
        kappa, ("-", ":", "--", "-."), (GRAY, RARE, OFTEN, NEW), scores, strict=True
    ):
        axis.plot(angle.rad2deg(), values, style, color=color, label=f"{k:,.0f}")
    axis.set_xlabel("degrees from the mean direction of the class")
    axis.set_ylabel("score of the class")
    axis.legend(title="concentration")
    return figure


def strong():
    figure, (left, right) = panels(2, height=3)
    at = np.linspace(0, 1, 1001)[:-1]
    for schedule, style in (("step", "--"), ("cosine", "-")):
        rates = [Setup(schedule=schedule).rate(p) for p in at]
        left.plot(at * 200, rates, style, color=OFTEN, label=schedule)
    left.set(xlabel="epoch", ylabel="learning rate")
    left.legend()
    steps = np.arange(2000)
    weights = 1 - np.exp(-steps / 300) + np.random.default_rng(0).normal(0, 0.15, len(steps))
    network = nn.Linear(1, 1, bias=False)
    average, averaged = moving_average(network, 0.99), []
    for value in weights:
        nn.init.constant_(network.weight, float(value))
        average.update_parameters(network)
        averaged.append(average.module.weight.item())
    right.plot(steps, weights, color=GRAY, linewidth=0.5, label="weight")
    right.plot(steps, averaged, color=NEW, label="its average, decay 0.99")
    right.set(xlabel="step")
    right.legend()
    return figure


ALL = [
    reweighting, balanced_sampling, smote_family, generative, mixing, cutmix, aos, m2m, focal, ldam,
    logit_adjustment, eos, heads, dos, metric_learning, sam, proco, strong,
]  # fmt: skip
ARROW = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006}
PAIR = mpl.colors.LinearSegmentedColormap.from_list("pair", [OFTEN, RARE])
STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "legend.handletextpad": 0.3,
    "legend.columnspacing": 1.2,
    "legend.frameon": False,
    **{f"{part}.color": GRAY for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}": GRAY for part in ("edgecolor", "labelcolor", "titlecolor")},
}


def main(names):
    PICTURES.mkdir(exist_ok=True)
    for draw in ALL:
        if names and draw.__name__ not in names:
            continue
        with mpl.rc_context(STYLE), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            figure = draw()
            stream = io.BytesIO()
            figure.savefig(stream, dpi=150, transparent=True)
        path = PICTURES / f"{draw.__name__.replace('_', '-')}.png"
        Image.open(stream).quantize(128).save(path, optimize=True)
        print(f"{path} {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
