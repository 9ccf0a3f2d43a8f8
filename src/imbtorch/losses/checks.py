"""Input checks and averaging shared by the losses."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError


def check_logits(loss: nn.Module, logits: Tensor, y: Tensor, *, mixed: bool = False) -> Tensor:
    """Return the labels of a batch as int64, or class probabilities unchanged if allowed.

    Checks shapes and dtypes only: checking values would mean copying them from the device.

    Parameters
    ----------
    loss : nn.Module
        Its one-dimensional buffers, if any, hold one number per class.
    logits : Tensor
        Must be of shape (B, K), float, B at least 1.
    y : Tensor
        Must be of shape (B,), integer, or (B, K), float, if `mixed`.
    mixed : bool, default=False
        Whether the loss accepts class probabilities.
    """
    name = type(loss).__name__
    for argument, value in (("logits", logits), ("y", y)):
        if not isinstance(value, Tensor):
            raise InputError(f"{argument} is a {type(value).__name__}; {name} needs a Tensor")
    if logits.ndim != 2 or not logits.is_floating_point() or logits.numel() == 0:
        raise InputError(
            f"logits has shape {tuple(logits.shape)} and dtype {logits.dtype}; {name} needs "
            "(B, K) float, with at least one sample"
        )
    for values in loss.buffers(recurse=False):
        if values.ndim == 1 and len(values) != logits.shape[1]:
            raise InputError(
                f"logits has shape {tuple(logits.shape)}; this {name} is for {len(values)} classes"
            )
    if mixed and y.is_floating_point() and y.shape == logits.shape:
        return y
    check_hard_labels(y, name)
    if len(y) != len(logits):
        raise InputError(f"y has {len(y)} labels; logits has {len(logits)} rows")
    return y.long()


def check_hard_labels(y: Tensor, loss: str) -> None:
    """Raise an InputError if `y` holds class probabilities (as from Mixup), not class numbers."""
    if y.ndim != 1 or y.is_floating_point():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; {loss} needs labels of shape (B,) "
            "int64. For mixed labels (class probabilities of shape (B, K)) use cross-entropy, "
            "BalancedSoftmaxLoss, LogitAdjustedLoss or CDTLoss"
        )


def check_weight(weight: Tensor | Sequence[float] | None) -> Tensor | None:
    """Return class weights as a float32 tensor of shape (K,); each must be above 0."""
    if weight is None:
        return None
    w = torch.as_tensor(weight, dtype=torch.float32)
    if w.ndim != 1 or not bool(((w > 0) & w.isfinite()).all()):
        raise InputError(f"weight is {w.tolist()}; it must hold one positive number per class")
    return w


def cross_entropy(logits: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    """Return torch's cross-entropy for weights of any precision."""
    return F.cross_entropy(logits, y, None if weight is None else weight.to(logits.dtype))


def weighted_mean(values: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    """Return the class-weighted mean of a batch's losses, as torch's losses do."""
    if weight is None:
        return values.mean()
    w = weight[y].to(values.dtype)
    return (w * values).sum() / w.sum()
