"""Every loss, as rows that drive the tests of what all of them keep to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    DBMLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    MicroClusterLoss,
    MultiLabelAsymmetricLoss,
    QuintupletLoss,
)

COUNTS = [50, 20, 5, 8]
K = len(COUNTS)
WEIGHT = torch.tensor([0.3, 1.0, 2.0, 0.7])
RNG = torch.Generator().manual_seed(0)
LOGITS = torch.rand(6, K, generator=RNG, dtype=torch.float64) * 1.8 - 0.9
Y = torch.tensor([0, 1, 2, 3, 0, 2])
KEPT = torch.tensor([True, False, True, True, False, True])

CLASS_LOSSES = {
    "focal": partial(FocalLoss, 2.0),
    "focal below 1": partial(FocalLoss, 0.3),
    "asymmetric": AsymmetricLoss,
    "asymmetric below 1": partial(AsymmetricLoss, 0.3, 0.3),
    "balanced-softmax": partial(BalancedSoftmaxLoss, COUNTS),
    "logit-adjusted": partial(LogitAdjustedLoss, COUNTS, 1.5),
    "cdt": partial(CDTLoss, COUNTS),
    "ldam": partial(LDAMLoss, COUNTS),
    "dbm": partial(DBMLoss, COUNTS),
}
"""The losses of logits and class labels."""
MIXED = ("balanced-softmax", "logit-adjusted", "cdt", "ldam", "dbm")
"""Those that take class probabilities as well."""
MOVED = [name for name in CLASS_LOSSES if not name.startswith(("focal", "asym"))]
"""Those that are the cross-entropy of other logits."""
CROSS_ENTROPY = {
    "focal, gamma 0": partial(FocalLoss, 0.0),
    "asymmetric, exponents 0": partial(AsymmetricLoss, 0.0, 0.0, label_smoothing=0.0),
    "balanced-softmax, balanced": partial(BalancedSoftmaxLoss, [7] * K),
    "logit-adjusted, tau 0": partial(LogitAdjustedLoss, COUNTS, 0.0),
    "cdt, gamma 0": partial(CDTLoss, COUNTS, 0.0),
    "ldam, no margin": partial(LDAMLoss, COUNTS, 1e-12, 1.0),
    "dbm, no margin": partial(DBMLoss, [7] * K, 1e-12, scale=1.0),
}
"""Every class loss at the settings where it is cross-entropy."""


@dataclass
class Row:
    """A loss of any kind as a function of one float tensor and its targets."""

    call: Callable[[Tensor, Tensor], Tensor]
    x: Tensor
    y: Tensor
    differentiable: Callable[[Tensor, Tensor], Tensor] | None = None
    """The loss without the factors that carry no gradient by intention."""


def micro(loss, x, y, around=None):
    around = x.detach() if around is None else around
    targets = torch.stack([around, around.flip(0) / 2], 1)
    return loss(x, y, lambda z: z, targets, torch.full((len(x), 2), 0.5, dtype=x.dtype))


def quintuplet(x, y):
    return QuintupletLoss()(x, y, torch.arange(len(y)) // 2)


class FixedShares(MicroClusterLoss):
    """Its shares, which carry no gradient, do not depend on the embedding either."""

    shares = staticmethod(lambda distance, weights: weights)


EVERY = {name: Row(make(), LOGITS, Y) for name, make in CLASS_LOSSES.items()}
EVERY["quintuplet"] = Row(quintuplet, LOGITS, Y)
for name, inner in {"": None, " of focal": FocalLoss(0.3), " of ldam": LDAMLoss(COUNTS)}.items():
    EVERY[f"micro-cluster{name}"] = Row(
        partial(micro, MicroClusterLoss(loss=inner)),
        LOGITS,
        Y,
        partial(micro, FixedShares(loss=inner), around=LOGITS),
    )
for clip in (0.05, 0.0, 1e-9):
    for gamma in (0.3, 2.0):
        loss = MultiLabelAsymmetricLoss(gamma, gamma, clip=clip)
        targets = F.one_hot(Y, K) * 1.0
        EVERY[f"multi-label, gamma {gamma}, clip {clip}"] = Row(loss, LOGITS, targets)
"""Every loss of the library."""
