"""Make the optimizer of a network: which parameters, in which groups."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier
from imbtorch.training.blocks import blocks_of
from imbtorch.training.setup import Setup


def make_optimizer(
    setup: Setup,
    network: nn.Module,
    state: dict[str, Any] | None = None,
    more: Iterable[nn.Parameter] = (),
) -> torch.optim.Optimizer:
    """Return the optimizer for the parameters of a network that require gradients.

    Parameters
    ----------
    setup : Setup
        Its ``layer_decay`` acts on the features of a `Classifier`.
    network : nn.Module
    state : dict, optional
        The optimizer's state to go on from.
    more : iterable of Parameter, optional
        Parameters besides the network's.

    Returns
    -------
    Optimizer
        A group whose learning rate is not the setup's own has the factor as ``lr_scale``;
        `train_epoch` multiplies by it.

    Examples
    --------
    >>> from imbtorch.models import resnet32
    >>> optimizer = make_optimizer(Setup(layer_decay=0.5), resnet32((3, 8, 8), 10))
    >>> [group.get("lr_scale", 1) for group in optimizer.param_groups[-3:]]
    [0.25, 0.5, 1]
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise InputError("no parameter of the network requires gradients: nothing can be trained")
    scales: dict[nn.Parameter, float] = {}
    if setup.layer_decay < 1 and isinstance(network, Classifier):
        for back, block in enumerate(reversed(blocks_of(network.features)), 1):
            scales.update(dict.fromkeys(block.parameters, setup.layer_decay**back))
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    parameters += more
    for p in parameters:
        scale, spared = scales.get(p, 1.0), setup.optimizer == "adamw" and p.ndim < 2
        own = {"lr_scale": scale} if scale != 1 else {}
        own |= {"weight_decay": 0.0} if spared else {}
        groups.setdefault((scale, spared), {"params": [], **own})["params"].append(p)
    on_chip = all(p.device.type in ("cpu", "cuda") for p in parameters)
    options: dict[str, Any] = {
        "lr": setup.lr,
        "weight_decay": setup.weight_decay,
        "fused": on_chip and setup.clip is None,  # Fabric cannot clip what a fused step unscales
    }
    optimizer: torch.optim.Optimizer
    if setup.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups.values(), momentum=setup.momentum, **options)
    else:
        optimizer = torch.optim.AdamW(groups.values(), betas=(setup.momentum, 0.999), **options)
    if state is not None:
        optimizer.load_state_dict(state)
        _lay_out_like_parameters(optimizer)
    return optimizer


def _lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Store an optimizer's state of each parameter in the parameter's memory format.

    A fused step reads both in memory order, so different formats would mix up the entries.
    """
    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                kept[name] = torch.empty_like(parameter).copy_(value)
