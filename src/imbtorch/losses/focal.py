"""Focal loss: samples already classified correctly count less."""

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.losses.blocks import focused_slope, from_log_p
from imbtorch.losses.checks import check_number
from imbtorch.losses.class_loss import FocusedLoss


class FocalLoss(FocusedLoss):
    r"""Cross-entropy that fades as the correct class becomes likely.

    .. math:: \ell = -w_y \, (1 - p_y)^\gamma \log p_y, \quad p = \mathrm{softmax}(z)

    The batch mean is weighted by w, as in torch's ``CrossEntropyLoss``.

    Parameters
    ----------
    gamma : float, default=1.0
        Exponent, at least 0; 0 is cross-entropy. M2m's runs use 1, EOS's use 2.
    weight : Tensor of shape (K,), optional
        Class weights w_k. They multiply the focal term and never enter p.
    ignore_index : int, default=-100
        Label of what does not count, neither in the loss nor in its mean.
    reduction : {"mean", "sum", "none"}, default="mean"
        As in torch's ``CrossEntropyLoss``.

    Raises
    ------
    InputError
        If `gamma` is negative, or the labels are class probabilities.

    Notes
    -----
    Call with logits (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64. Half
    precision is computed, and returned, in float32. There is no label smoothing: the factor
    is that of the one right class.

    Differs from the paper: Lin et al. define it with one sigmoid per class; this softmax form is
    the one the long-tail papers use.

    References
    ----------
    Lin et al., ICCV 2017, equations 4 and 5; AMO (ICLR 2020 submission), baseline Focal.

    Examples
    --------
    >>> logits, y = torch.tensor([[0.0, 0.0]]), torch.tensor([0])
    >>> FocalLoss(gamma=2.0)(logits, y)  # log(2) / 4
    tensor(0.1733)

    Segmentation, with a border of 255 that does not count:

    >>> images = torch.zeros(2, 3, 4, 4)  # logits of 3 classes for each of 4 x 4 pixels
    >>> masks = torch.randint(3, (2, 4, 4))
    >>> masks[:, 0] = 255
    >>> FocalLoss(gamma=0.0, ignore_index=255)(images, masks)  # log(3)
    tensor(1.0986)
    """

    def __init__(
        self,
        gamma: float = 1.0,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        check_number("gamma", gamma)
        self.gamma = gamma

    def _each(self, z: Tensor, y: Tensor) -> Tensor:
        cross_entropy = F.cross_entropy(z, y, ignore_index=self.ignore_index, reduction="none")
        # 1 - p without cancellation; the power's slope is unbounded at 0 for gamma < 1
        wrong = (-torch.expm1(-cross_entropy)).clamp_min(1e-12)
        return wrong**self.gamma * cross_entropy

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        log_p, y = z.log_softmax(1), y[:, None]
        right = -gradient[:, None] * focused_slope(log_p.gather(1, y), self.gamma)
        return from_log_p(log_p.exp_(), y, right)
