"""What the losses of logits and class labels share: shapes, ignored labels and reduction."""

import warnings
from contextlib import suppress

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.blocks import are_many, by_blocks, differentiated, from_log_p
from imbtorch.losses.checks import (
    at_least_float32,
    check_logits,
    check_reduction,
    check_weight,
    label_error,
    shares,
)

_NO_LABEL = torch.iinfo(torch.int64).min
"""What stands for an ignored label, so that -100 is none where `ignore_index` is another."""


class ClassLoss(nn.Module):
    """Base class: the cross-entropy of logits that a subclass changes in ``_moved``.

    Takes what ``F.cross_entropy`` takes and agrees with it, except that the mean over nothing,
    where every label is ignored, is 0 with gradient 0, not NaN, and that the mean of class
    probabilities is over their class weights, as that of labels is.
    """

    takes_mixed = False
    recorded_if_set = ("ignore_index", "reduction", "label_smoothing")
    """Arguments that the record of a run holds only if they are not at their default."""
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None,
        ignore_index: int,
        reduction: str,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing <= 1:
            raise InputError(f"label_smoothing is {label_smoothing}; it must lie in [0, 1]")
        if not isinstance(ignore_index, (int, np.integer)):
            raise InputError(f"ignore_index is {ignore_index!r}; it must be a whole number")
        self.ignore_index, self.label_smoothing = int(ignore_index), label_smoothing
        self.reduction = check_reduction(reduction)
        self.register_buffer("weight", check_weight(weight))

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss, a scalar, or without reduction of the shape of the labels."""
        check_logits(self, logits, y, mixed=self.takes_mixed)
        z, classes = _rows(logits), logits.shape[1]
        mixed = y.is_floating_point()
        rows = shares(_rows(y), at_least_float32(z[:0]).dtype) if mixed else y.long().flatten()
        try:
            value = self._loss(z, rows)
        except (IndexError, RuntimeError) as error:
            named = None if mixed else label_error(rows, classes, self.ignore_index)
            if named is None:
                raise
            raise named from error
        return value.view(logits.shape[:1] + logits.shape[2:]) if value.ndim else value

    def _loss(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the loss of logits (M, K) in any precision, and labels or class probabilities."""
        if not self._are_many(z, y):
            z = at_least_float32(z)
            return self._mixed(z, y) if y.is_floating_point() else self._few(z, y)
        if y.is_floating_point():
            each = by_blocks(z, y, self._each, self._block, self._slopes)
            return self._reduced(each, y)
        kept = y != self.ignore_index
        y = y.masked_fill(~kept, 0)
        each = by_blocks(z, y, self._each, self._block, self._slopes).masked_fill(~kept, 0)
        if self.reduction != "mean":
            return each if self.reduction == "none" else each.sum()
        weight = self._weight(each)
        total = (kept if weight is None else weight[y] * kept).sum()
        return each.sum() / total.clamp_min(torch.finfo(each.dtype).tiny)

    def _are_many(self, z: Tensor, y: Tensor) -> bool:
        own = (*self.parameters(), *(v for v in vars(self).values() if isinstance(v, Tensor)))
        return are_many(z, y) and not any(number.requires_grad for number in own)

    def _few(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the loss of logits (M, K) and labels (M,)."""
        kept = y != self.ignore_index
        z = z.masked_fill(~kept[:, None], 0)  # so that not even NaN counts
        some = kept.any()  # if there is none: the loss of another label, times 0
        filled = y.masked_fill(~kept, _NO_LABEL).masked_fill(~some, 0)
        return some * self._entropy(self._moved(z, y.masked_fill(~kept, 0)), filled)

    def _mixed(self, z: Tensor, p: Tensor) -> Tensor:
        """Return the loss of logits (M, K) and class probabilities (M, K)."""
        if self.weight is None:
            return self._entropy(self._moved(z, p), p)
        return self._reduced(self._each(z, p), p)

    def _reduced(self, each: Tensor, p: Tensor) -> Tensor:
        """Return the losses of rows (M,) reduced; p are their class probabilities (M, K)."""
        weight = self._weight(each)
        if self.reduction != "mean":
            return each if self.reduction == "none" else each.sum()
        if weight is None:
            return each.mean()
        return each.sum() / (p * weight).sum().clamp_min(torch.finfo(each.dtype).tiny)

    def _entropy(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the cross-entropy of logits (M, K) and labels, or class probabilities."""
        return F.cross_entropy(
            z,
            y,
            self._weight(z),
            ignore_index=_NO_LABEL,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )

    def _each(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each row of (M, K), all of whose targets count."""
        return F.cross_entropy(
            self._moved(z, y),
            y,
            self._weight(z),
            ignore_index=_NO_LABEL,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )

    def _block(self, z: Tensor, y: Tensor) -> Tensor:
        """Return what `_each` does, where no gradient is asked for."""
        return self._each(z, y)

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        """Return the gradient of logits (M, K) from that of each row's loss, shape (M,)."""
        p, weight = self._moved(z, y).softmax(1), self._weight(z)
        each = -gradient[:, None] if weight is None else -gradient[:, None] * weight
        share, rest = 1 - self.label_smoothing, self.label_smoothing / z.shape[1]
        if y.is_floating_point():
            others = each * (share * y + rest)
            return self._pulled(others.addcmul_(p, others.sum(1, True), value=-1))
        others, y = each.expand_as(p), y[:, None]
        right = share * others.gather(1, y)
        return self._pulled(from_log_p(p, y, right, rest * others if rest else None))

    def _pulled(self, slopes: Tensor) -> Tensor:
        """Return the gradient of the logits from that of the moved logits, in its place."""
        return slopes

    def _moved(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the logits of which cross-entropy is taken, shape (M, K)."""
        raise NotImplementedError

    def _weight(self, z: Tensor) -> Tensor | None:
        return None if self.weight is None else self.weight.to(z.dtype)


class CosineLoss(ClassLoss):
    """Base class of the losses whose logits are cosines; of others, a warning is given once.

    A network starts with small logits. So more than the first call is looked at, but few, because
    each look waits for the device: those whose number is a power of 2.
    """

    ROUNDING = 0.02  # of cosines in half precision
    _calls = 0
    _warned = False

    def _loss(self, z: Tensor, y: Tensor) -> Tensor:
        self._calls += 1
        due = not self._warned and self._calls & (self._calls - 1) == 0
        if due and not torch.compiler.is_compiling():
            with suppress(RuntimeError):  # what vmap says, and torch of no logits
                counted = z.detach()
                if not y.is_floating_point():
                    counted = counted[y != self.ignore_index]
                self._look(float(counted.abs().nan_to_num().max()))
        return super()._loss(z, y)

    def _look(self, largest: float) -> None:
        if largest > 1 + self.ROUNDING:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__} takes cosines in [-1, 1]; these logits reach "
                f"{largest:.3g}, so that its margins and scale mean nothing and training may "
                "collapse: give the network a CosineHead",
                stacklevel=6,
            )


class FocusedLoss(ClassLoss):
    """Base class of the losses that are no cross-entropy: ``_each`` gives one number per label."""

    def _loss(self, z: Tensor, y: Tensor) -> Tensor:
        many, kept = self._are_many(z, y), y != self.ignore_index
        y = y.masked_fill(~kept, 0)
        if many:
            each = by_blocks(z, y, self._each, self._block, self._slopes)
        else:
            each = self._each(at_least_float32(z).masked_fill(~kept[:, None], 0), y)
        each, weight = each.masked_fill(~kept, 0), self._weight(each)
        if weight is not None:
            weight = weight[y] * kept
            each = weight * each
        if self.reduction == "none":
            return each
        if self.reduction == "sum":
            return each.sum()
        if weight is not None:
            return each.sum() / weight.sum().clamp_min(torch.finfo(each.dtype).tiny)
        mean = each.sum() / kept.sum().clamp_min(1)
        return torch.where(kept.all(), each.mean(), mean)  # the same but for rounding

    def _each(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each of the labels (M,) that has logits (M, K)."""
        raise NotImplementedError

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        return differentiated(self._each, z, y, gradient)


def _rows(values: Tensor) -> Tensor:
    """Return (B, K, d1, ...) as (B * d1 * ..., K)."""
    return values if values.ndim == 2 else values.movedim(1, -1).flatten(0, -2)
