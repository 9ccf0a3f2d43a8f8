"""Asymmetric loss (ASL) for several labels per sample: one sigmoid per label."""

import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.checks import check_weight


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

    Raises
    ------
    InputError
        If an argument is out of range, or the targets are not of shape (B, K).

    Notes
    -----
    Call with logits (B, K) float and targets (B, K) in 0..1. The gradient also flows through the
    factors. `AsymmetricLoss` is the form for one label per sample. Use this loss in your own
    training loop: `fit` and the recipes support only one label per sample.

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
    ) -> None:
        super().__init__()
        for name, value in (("gamma_pos", gamma_pos), ("gamma_neg", gamma_neg)):
            if not value >= 0:
                raise InputError(f"{name} is {value}; it must be at least 0")
        if not 0 <= clip < 1:
            raise InputError(f"clip is {clip}; it must lie in [0, 1)")
        self.gamma_pos, self.gamma_neg, self.clip = gamma_pos, gamma_neg, clip
        self.register_buffer("weight", check_weight(weight))

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss as a scalar."""
        if y.shape != logits.shape or logits.ndim != 2:
            raise InputError(
                f"y has shape {tuple(y.shape)} and logits {tuple(logits.shape)}; both must be "
                "(B, K), with one target in 0..1 per label"
            )
        y = y.to(logits.dtype)
        p = logits.sigmoid()
        # the power's slope is unbounded at 0 for exponents < 1
        present = (1 - p).clamp_min(1e-12) ** self.gamma_pos * F.logsigmoid(logits)
        if self.clip:
            q = (p - self.clip).clamp_min(0)
            absent = q.clamp_min(1e-12) ** self.gamma_neg * (-q).log1p()
        else:  # log(1 - p) without cancellation
            absent = p.clamp_min(1e-12) ** self.gamma_neg * F.logsigmoid(-logits)
        each = -(y * present + (1 - y) * absent)
        return (each if self.weight is None else each * self.weight).sum(1).mean()
