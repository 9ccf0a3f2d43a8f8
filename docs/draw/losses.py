"""Pictures of losses."""

import numpy as np
import torch
from torch import nn

from draw.common import COUNTS, GRAY, NEW, OFTEN, RARE, bare, dots, panels, toy, under
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    FocalLoss,
    LDAMLoss,
    ldam_margins,
)
from imbtorch.losses.von_mises_fisher import expected_scores


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
