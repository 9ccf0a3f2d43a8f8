"""Focal loss: samples already classified correctly count less."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.checks import check_logits, check_weight, weighted_mean


class FocalLoss(nn.Module):
    r"""Cross-entropy that fades as the correct class becomes likely.

    .. math:: \ell = -w_y \, (1 - p_y)^\gamma \log p_y, \quad p = \mathrm{softmax}(z)

    The batch mean is weighted by w, as in torch's ``CrossEntropyLoss``.

    Parameters
    ----------
    gamma : float, default=1.0
        Exponent, at least 0; 0 is cross-entropy. M2m's runs use 1, EOS's use 2.
    weight : Tensor of shape (K,), optional
        Class weights w_k. They multiply the focal term and never enter p.

    Raises
    ------
    InputError
        If `gamma` is negative, or the labels are class probabilities.

    Notes
    -----
    Call with logits (B, K) float and labels (B,) int64.

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
    """

    weight: Tensor | None

    def __init__(self, gamma: float = 1.0, weight: Tensor | None = None) -> None:
        super().__init__()
        if not gamma >= 0:
            raise InputError(f"gamma is {gamma}; it must be at least 0")
        self.gamma = gamma
        self.register_buffer("weight", check_weight(weight))

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss as a scalar."""
        y = check_logits(self, logits, y)
        cross_entropy = F.cross_entropy(logits, y, reduction="none")
        # 1 - p without cancellation; the power's slope is unbounded at 0 for gamma < 1
        wrong = (-torch.expm1(-cross_entropy)).clamp_min(1e-12)
        return weighted_mean(wrong**self.gamma * cross_entropy, y, self.weight)
