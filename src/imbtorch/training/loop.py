"""The loop: one epoch over batches."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.places import BatchTransform, Loss


def train_epoch(
    fabric: Fabric,
    model: Any,
    optimizer: Any,
    batches: Iterable[tuple[Tensor, Tensor]],
    loss: Loss,
    rate: Callable[[int], float],
    transform: BatchTransform | None = None,
) -> float:
    """Train `model` on every batch once.

    Parameters
    ----------
    fabric : Fabric
        Runs the backward pass and the precision.
    model, optimizer
        As ``fabric.setup`` returned them.
    batches : iterable of (x, y)
        On the device.
    loss : callable
        (logits, labels) -> scalar.
    rate : callable
        Step within the epoch -> learning rate.
    transform : callable, optional
        (x, y, model) -> (x, y), with the plain model: M2m and its like. The y it returns may
        be class probabilities of shape (B, K), as Mixup's; the loss has to take them.

    Returns
    -------
    float
        Mean loss over the samples.

    Raises
    ------
    InputError
        If the loss becomes NaN or infinite.
    """
    plain: nn.Module = model.module
    model.train()
    total, count = torch.zeros((), device=fabric.device), 0
    for step, (x, y) in enumerate(batches):
        if len(y) == 1 and step:  # a lone last sample has no batch statistics
            continue
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        if transform is not None:
            with fabric.autocast():
                x, y = transform(x, y, plain)
        value = loss(model(x), y)
        optimizer.zero_grad()
        fabric.backward(value)
        optimizer.step()
        total += value.detach() * len(y)
        count += len(y)
    everywhere: Any = fabric.all_reduce(total)  # the mean of all processes' totals
    mean = float(everywhere) / count
    if not mean < float("inf"):
        raise InputError("the loss became NaN or infinite: lower lr, or look at the data's scale")
    return mean
