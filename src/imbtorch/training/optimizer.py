"""Make the optimizer of a network: which parameters, in which groups."""

from typing import Any

import torch
from torch import nn

from imbtorch.errors import InputError
from imbtorch.training.setup import Setup


def make_optimizer(setup: Setup, network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer for the parameters of a network that require gradients.

    Examples
    --------
    >>> make_optimizer(Setup(lr=0.5), nn.Linear(2, 3)).param_groups[0]["lr"]
    0.5
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise InputError(
            "no parameter of the network requires gradients; there is nothing to train"
        )
    on_chip = all(p.device.type in ("cpu", "cuda") for p in parameters)
    fused = on_chip and setup.clip is None  # Fabric cannot clip what a fused step unscales
    if setup.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            setup.lr,
            momentum=setup.momentum,
            weight_decay=setup.weight_decay,
            fused=fused,
        )
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim >= 2]},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        setup.lr,
        betas=(setup.momentum, 0.999),
        weight_decay=setup.weight_decay,
        fused=fused,
    )
