"""Input checks shared by the losses."""

from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from numbers import Real

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError

MIXED = (
    "For mixed labels (class probabilities, as from Mixup) use cross-entropy, "
    "BalancedSoftmaxLoss, LogitAdjustedLoss, CDTLoss, LDAMLoss or DBMLoss"
)


def check_logits(loss: nn.Module, logits: Tensor, y: Tensor, *, mixed: bool = False) -> None:
    """Check the shapes and dtypes of a batch.

    Not the labels' values: reading them would mean waiting for the device (see `label_error`).

    Parameters
    ----------
    loss : nn.Module
        Its one-dimensional buffers, if any, hold one number per class.
    logits : Tensor
        Must be of shape (B, K, ...), float, without zeros in its shape.
    y : Tensor
        Must be of shape (B, ...), integer, or (B, K, ...), float, if `mixed`.
    mixed : bool, default=False
        Whether the loss accepts class probabilities.
    """
    name = type(loss).__name__
    check_tensors(name, logits=logits, y=y)
    if logits.ndim < 2 or not logits.is_floating_point() or logits.numel() == 0:
        raise InputError(
            f"logits has shape {tuple(logits.shape)} and dtype {logits.dtype}; {name} needs "
            "(B, K) or (B, K, d1, ...) float, with at least one sample"
        )
    check_classes(loss, logits)
    if mixed and y.is_floating_point() and y.shape == logits.shape:
        return
    wanted = logits.shape[:1] + logits.shape[2:]
    if y.shape != wanted or y.is_floating_point() or y.is_complex():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; with logits of shape "
            f"{tuple(logits.shape)}, {name} needs labels of shape {tuple(wanted)}, int64"
            + (", or class probabilities of the shape of the logits" if mixed else ". " + MIXED)
        )


def check_tensors(loss: str, **values: object) -> None:
    """Raise an InputError that names the argument which is not a Tensor."""
    for name, value in values.items():
        if not isinstance(value, Tensor):
            raise InputError(f"{name} is a {type(value).__name__}; {loss} needs a Tensor")


def check_classes(loss: nn.Module, logits: Tensor) -> None:
    """Raise an InputError if a loss holds numbers of more or fewer classes than the logits."""
    for values in loss.buffers(recurse=False):
        if values.ndim == 1 and len(values) != logits.shape[1]:
            raise InputError(
                f"logits has shape {tuple(logits.shape)}; this {type(loss).__name__} is for "
                f"{len(values)} classes"
            )


def shares(y: Tensor, dtype: torch.dtype) -> Tensor:
    """Return targets that must be in 0..1, but for rounding.

    One outside is an InputError. Where reading it is impossible or would mean waiting (inside
    ``torch.compile`` and ``vmap``, on an accelerator), it becomes NaN, and the loss with it.
    """
    rounding = 2 * torch.finfo(y.dtype).eps if y.is_floating_point() else 0
    right = (y >= -rounding) & (y <= 1 + rounding)  # and not NaN
    if y.device.type == "cpu" and not torch.compiler.is_compiling():
        with suppress(RuntimeError):  # what vmap says
            if bool(right.all()):
                return y.to(dtype)
            raise InputError(
                f"y holds the target {y[~right][0].item()}; every target must be in 0..1"
            )
    return y.to(dtype).masked_fill(~right, torch.nan)


def label_error(y: Tensor, classes: int, ignore_index: int | None = None) -> InputError | None:
    """Return the error for the first label outside 0..K-1, for use after torch has refused y.

    torch checks every label while it computes, so a second look is needed only to name it. None
    if all labels are right, or lie on a device that has stopped.
    """
    if y.device.type != "cpu":
        return None
    wrong = y[((y < 0) | (y >= classes)) & (y != ignore_index)]
    if not len(wrong):
        return None
    ignored = "" if ignore_index is None else f", or ignore_index={ignore_index}"
    return InputError(
        f"y holds the label {int(wrong[0])}; with logits of {classes} classes, labels are "
        f"0..{classes - 1}{ignored}"
    )


def check_weight(weight: Tensor | Sequence[float] | None) -> Tensor | None:
    """Return class weights as a float32 tensor of shape (K,); each must be above 0."""
    if weight is None:
        return None
    w = torch.as_tensor(weight, dtype=torch.float32)
    if w.ndim != 1 or not bool(((w > 0) & w.isfinite()).all()):
        raise InputError(f"weight is {w.tolist()}; it must hold one positive number per class")
    return w


def check_number(name: str, value: object, *, positive: bool = False) -> None:
    """Raise an InputError unless a hyper-parameter is finite and at least 0, or above 0."""
    number = isinstance(value, Real | Tensor) and not isinstance(value, bool)
    with suppress(TypeError, ValueError, RuntimeError):  # of a Tensor with several numbers
        if number and isfinite(value) and (value > 0 or (value == 0 and not positive)):  # type: ignore[arg-type, operator]
            return
    least = "positive" if positive else "at least 0"
    raise InputError(f"{name} is {value!r}; it must be finite and {least}")


def check_reduction(reduction: str) -> str:
    """Return the reduction of a loss, by its name in torch."""
    if reduction not in ("none", "mean", "sum"):
        raise InputError(f"reduction is {reduction!r}; it must be 'none', 'mean' or 'sum'")
    return reduction


def at_least_float32(values: Tensor) -> Tensor:
    """Return half precision as float32, in which no loss of finite logits is infinite."""
    return values if values.dtype == torch.float64 else values.float()
