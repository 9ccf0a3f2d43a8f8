"""Checks that several losses share."""

from torch import Tensor

from imbtorch.errors import InputError


def check_hard_labels(y: Tensor, loss: str) -> None:
    """Raise an InputError if `y` holds class probabilities, as Mixup's do, not class numbers."""
    if y.ndim != 1 or y.is_floating_point():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; {loss} is defined for labels of "
            "shape (B,) int64 alone: for mixed labels use cross-entropy, BalancedSoftmaxLoss, "
            "LogitAdjustedLoss or CDTLoss"
        )


def weighted_mean(values: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of a batch's losses over its class weights, as torch's losses do."""
    if weight is None:
        return values.mean()
    w = weight[y].to(values.dtype)
    return (w * values).sum() / w.sum()
