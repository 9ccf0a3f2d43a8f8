"""What the pictures have in common: panels, dots, toy data and networks, colors."""

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from imbtorch.data import exponential_counts

GRAY, OFTEN, RARE, NEW = "#8a8a8a", "#4c93d0", "#e08214", "#3aa981"
COUNTS = exponential_counts(5000, 10, 100)
ARROW = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006}
PAIR = mpl.colors.LinearSegmentedColormap.from_list("pair", [OFTEN, RARE])


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
