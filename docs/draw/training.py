"""Pictures of how any recipe can be trained."""

import numpy as np
from torch import nn

from draw.common import GRAY, NEW, OFTEN, RARE, panels
from imbtorch import Setup
from imbtorch.training.average import moving_average


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
