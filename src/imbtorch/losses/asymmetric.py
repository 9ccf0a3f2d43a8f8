"""Asymmetric loss (ASL): separate focusing for the correct class and the other classes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.losses.blocks import LEAST, focused_slope, from_log_p
from imbtorch.losses.checks import check_number
from imbtorch.losses.class_loss import FocusedLoss


class AsymmetricLoss(FocusedLoss):
    r"""Cross-entropy with label smoothing, focused separately on the correct and other classes.

    .. math:: \ell = -w_y \sum_k t_k \, a_k \log p_k, \quad
              t_k = (1 - \epsilon) [k = y] + \epsilon / K, \quad
              a_y = (1 - p_y)^{\gamma_+}, \; a_{k \ne y} = p_k^{\gamma_-}

    with p = softmax(z) and epsilon the label smoothing. The batch mean is weighted by w, as in
    torch's ``CrossEntropyLoss``.

    Parameters
    ----------
    gamma_pos : float, default=0.0
        Exponent gamma+ for the correct class, at least 0.
    gamma_neg : float, default=4.0
        Exponent gamma- for the other classes, at least 0.
    weight : Tensor of shape (K,), optional
        Class weights w_k.
    ignore_index : int, default=-100
        Label of what does not count, neither in the loss nor in its mean.
    reduction : {"mean", "sum", "none"}, default="mean"
        As in torch's ``CrossEntropyLoss``.
    label_smoothing : float, default=0.1
        epsilon, the share of the target, in [0, 1], that is spread evenly over the classes.

    Raises
    ------
    InputError
        If an exponent is negative, or the labels are class probabilities.

    Notes
    -----
    Call with logits (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64. Half
    precision is computed, and returned, in float32. The gradient also flows through the factors
    a_k.

    Differs from the paper, which handles several labels per sample with one sigmoid per class and
    clips small probabilities: this is the form for one label per sample, with softmax and no
    clipping.

    References
    ----------
    Ridnik et al., ICCV 2021, equation 4; EOS (Dablain et al.), Table II.

    Examples
    --------
    >>> logits, y = torch.zeros(1, 2), torch.tensor([0])
    >>> AsymmetricLoss()(logits, y)  # log(2) * (0.95 + 0.05 / 16)
    tensor(0.6607)
    """

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 4.0,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.1,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        check_number("gamma_pos", gamma_pos)
        check_number("gamma_neg", gamma_neg)
        self.gamma_pos, self.gamma_neg = gamma_pos, gamma_neg

    def _each(self, z: Tensor, y: Tensor) -> Tensor:
        log_p, y = F.log_softmax(z, dim=1), y[:, None]
        right = self._right(log_p.gather(1, y), z.shape[1])
        if self.label_smoothing == 0:
            return -right[:, 0]
        if self.gamma_neg == 0:
            others = self.label_smoothing / z.shape[1] * log_p
        else:  # p^gamma log p is 0 where p is 0: a class that the caller has masked
            log_p = log_p.clamp_min(torch.finfo(z.dtype).min)
            others = self.label_smoothing / z.shape[1] * (self.gamma_neg * log_p).exp_() * log_p
        return -others.scatter(1, y, right).sum(1)

    def _right(self, log_p: Tensor, num_classes: int) -> Tensor:
        """Return t_y (1 - p_y)^gamma+ log p_y; 0 where the label was masked and its t is 0."""
        # 1 - p without cancellation; the power's slope is unbounded at 0 for exponents < 1
        wrong = (-torch.expm1(log_p)).clamp_min(1e-12)
        target = torch.full_like(wrong, 1 - self.label_smoothing)
        share = (target + self.label_smoothing / num_classes) * wrong**self.gamma_pos
        return share * log_p.masked_fill((share == 0) & log_p.isneginf(), 0)

    def _block(self, z: Tensor, y: Tensor) -> Tensor:
        """Return what `_each` does, without a gradient, with all but one array in place."""
        if self.label_smoothing == 0 or self.gamma_neg == 0:
            return self._each(z, y)
        log_p, y = z.log_softmax(1), y[:, None]
        right = self._right(log_p.gather(1, y), z.shape[1])
        others = (log_p.clamp_min_(LEAST) * self.gamma_neg).exp_().mul_(log_p).scatter_(1, y, 0)
        return -(right[:, 0] + self.label_smoothing / z.shape[1] * others.sum(1))

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        log_p, y, spread = z.log_softmax(1), y[:, None], self.label_smoothing / z.shape[1]
        gradient = -gradient[:, None]
        right = gradient * (1 - self.label_smoothing + spread)
        right *= focused_slope(log_p.gather(1, y), self.gamma_pos)
        p = log_p.exp()
        if not spread:
            return from_log_p(p, y, right)
        # the slope of p^gamma log p by log p: p^gamma (1 + gamma log p)
        power = log_p.clamp_min_(LEAST).mul_(self.gamma_neg)
        others = power.exp()
        others.addcmul_(others, power).mul_(gradient * spread)
        return from_log_p(p, y, right, others.scatter_(1, y, 0))
