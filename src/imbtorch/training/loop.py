"""The training loop: one epoch over batches."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.places import BatchTransform, Loss, Step


def train_epoch(
    fabric: Fabric,
    model: Any,
    optimizer: Any,
    batches: Iterable[tuple[Tensor, Tensor]],
    loss: Loss,
    rate: Callable[[int], float],
    transform: BatchTransform | None = None,
    clip: float | None = None,
    step: Step | None = None,
) -> float:
    """Train `model` once on every batch.

    Parameters
    ----------
    fabric : Fabric
        Runs the backward pass and sets the precision.
    model, optimizer
        As ``fabric.setup`` returned them.
    batches : iterable of (x, y)
        On the device.
    loss : callable
        (logits, labels) -> scalar.
    rate : callable
        Step within the epoch -> learning rate.
    transform : callable, optional
        (x, y, model) -> (x, y), called with the unwrapped model, as M2m is. The y it returns may
        be class probabilities of shape (B, K), as Mixup's are; the loss must then accept them.
    clip : float, optional
        Largest norm of the gradients of a step.
    step : callable, optional
        Computes the gradients of a step in more than one pass, as `SAM` does; called with the
        unwrapped model.

    Returns
    -------
    float
        Mean loss over the samples.

    Raises
    ------
    InputError
        If the loss is not one number, or becomes NaN or infinite.
    """
    plain: nn.Module = model.module
    model.train()
    total, count = torch.zeros((), device=fabric.device), 0
    for number, (x, y) in enumerate(batches):
        if len(y) == 1 and count > number:  # a single last sample has no batch statistics
            continue
        for group in optimizer.param_groups:
            group["lr"] = rate(number) * group.get("lr_scale", 1.0)
        if transform is not None:
            with fabric.autocast():
                x, y = transform(x, y, plain)
        optimizer.zero_grad()
        backward = partial(_backward, fabric, model, loss, x, y)
        value = backward() if step is None else step(backward, plain, y)
        if clip is not None:
            fabric.clip_gradients(model, optimizer, max_norm=clip, error_if_nonfinite=False)
        optimizer.step()
        total += value * len(y)
        count += len(y)
    everywhere: Any = fabric.all_reduce(total)  # the mean of the totals over all processes
    mean = float(everywhere) / count
    if not mean < float("inf"):
        raise InputError("the loss became NaN or infinite: lower lr or check the data's scale")
    return mean


def _backward(
    fabric: Fabric, model: Any, loss: Loss, x: Tensor, y: Tensor, share: Tensor | None = None
) -> Tensor:
    """Run one pass, forward and backward, and return the loss; see `imbtorch.places.Backward`."""
    logits = model(x)
    if share is not None:
        logits.register_hook(lambda g: (g.movedim(0, -1) * share.to(g.dtype)).movedim(-1, 0))
    value = loss(logits, y)
    if value.ndim:
        raise InputError(
            f"loss returned shape {tuple(value.shape)}; training needs one number, as with "
            "reduction='mean'"
        )
    fabric.backward(value)
    return value.detach()
