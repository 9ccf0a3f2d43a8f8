"""Asymmetric loss (ASL) for several labels per sample: one sigmoid per label."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.blocks import are_many, by_blocks
from imbtorch.losses.checks import (
    at_least_float32,
    check_classes,
    check_number,
    check_reduction,
    check_tensors,
    check_weight,
    shares,
)


class MultiLabelAsymmetricLoss(nn.Module):
    r"""Binary cross-entropy per label, focused separately on present and absent labels.

    .. math:: \ell = -\sum_k w_k \big( t_k (1 - p_k)^{\gamma_+} \log p_k
              + (1 - t_k) \, q_k^{\gamma_-} \log(1 - q_k) \big), \quad q_k = \max(p_k - m, 0)

    with p = sigmoid(z). Summed over the labels, averaged over the batch.

    Parameters
    ----------
    gamma_pos : float, default=0.0
        Exponent gamma+ for labels that are present, at least 0.
    gamma_neg : float, default=4.0
        Exponent gamma- for labels that are absent, at least 0.
    clip : float, default=0.05
        Margin m in [0, 1): an absent label with a probability below m costs nothing.
    weight : Tensor of shape (K,), optional
        Label weights w_k, such as `inverse_frequency_weights` of how often each label is present.
    reduction : {"mean", "sum", "none"}, default="mean"
        "mean" sums over the labels and averages over the batch; "none" returns (B, K).

    Raises
    ------
    InputError
        If an argument is out of range, the batch is empty, or the targets are not of shape (B, K)
        or not in 0..1. On an accelerator, where reading the targets would mean waiting for it,
        the loss of a target outside 0..1 is NaN instead.

    Notes
    -----
    Call with logits (B, K) float and targets (B, K) in 0..1. Half precision is computed, and
    returned, in float32. There is no ignored label and no label smoothing: any target in 0..1 will
    do. The gradient also flows through the factors. `AsymmetricLoss` is the form for one label per
    sample. Use this loss in your own training loop: `fit` and the recipes support only one label
    per sample.

    References
    ----------
    Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021, equations 4 to 6.

    Examples
    --------
    >>> import torch
    >>> loss = MultiLabelAsymmetricLoss(clip=0.0)
    >>> loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))  # log(2) * (1 + 1 / 16)
    tensor(0.7365)
    """

    weight: Tensor | None

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 4.0,
        *,
        clip: float = 0.05,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        check_number("gamma_pos", gamma_pos)
        check_number("gamma_neg", gamma_neg)
        if not 0 <= clip < 1:
            raise InputError(f"clip is {clip}; it must lie in [0, 1)")
        self.gamma_pos, self.gamma_neg, self.clip = gamma_pos, gamma_neg, clip
        self.reduction = check_reduction(reduction)
        self.register_buffer("weight", check_weight(weight))

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss, a scalar, or (B, K) without reduction."""
        check_tensors("MultiLabelAsymmetricLoss", logits=logits, y=y)
        if y.shape != logits.shape or logits.ndim != 2 or not logits.numel():
            raise InputError(
                f"y has shape {tuple(y.shape)} and logits {tuple(logits.shape)}; both must be "
                "(B, K), with at least one sample and one target in 0..1 per label"
            )
        if not logits.is_floating_point() or y.is_complex():
            raise InputError(
                f"logits has dtype {logits.dtype} and y {y.dtype}; logits must be float, and y real"
            )
        check_classes(self, logits)
        y = shares(y, at_least_float32(logits[:0]).dtype)
        if self.reduction == "none" or not are_many(logits, y):
            each = self._each(at_least_float32(logits), y)
            if self.reduction == "none":
                return each
            return each.sum(1).mean() if self.reduction == "mean" else each.sum()
        rows = by_blocks(logits, y, lambda z, y: self._each(z, y).sum(1))
        return rows.mean() if self.reduction == "mean" else rows.sum()

    def _each(self, logits: Tensor, y: Tensor) -> Tensor:
        p = logits.sigmoid()
        log_p = _log_sigmoid(logits, y)
        # the power's slope is unbounded at 0 for exponents < 1
        present = (1 - p).clamp_min(1e-12) ** self.gamma_pos * log_p
        if self.clip:
            q = (p - self.clip).clamp(0, 1 - torch.finfo(p.dtype).eps)
            absent = q.clamp_min(1e-12) ** self.gamma_neg * (-q).log1p()
        else:  # log(1 - p) without cancellation
            absent = p.clamp_min(1e-12) ** self.gamma_neg * _log_sigmoid(-logits, 1 - y)
        each = -(y * present + (1 - y) * absent)
        return each if self.weight is None else each * self.weight


def _log_sigmoid(z: Tensor, y: Tensor) -> Tensor:
    """Return log(sigmoid(z)); 0 rather than -inf where the target y is 0, and it does not count."""
    log_p = F.logsigmoid(z)
    return log_p.masked_fill((y == 0) & log_p.isneginf(), 0)
