"""Logit adjustment: a loss that shifts logits by the log class priors during training."""

from collections.abc import Sequence

import torch
from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.losses.checks import check_number
from imbtorch.losses.class_loss import ClassLoss


class LogitAdjustedLoss(ClassLoss):
    r"""Cross-entropy of logits shifted by the log of the class prior.

    .. math:: \ell = w_y \, CE(z + \tau \log \pi,\, y), \quad \pi_k = n_k / \textstyle\sum_j n_j

    Evaluation uses the logits unchanged. The batch mean is weighted by w, as in torch's
    ``CrossEntropyLoss``.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers, each at least 1.
    tau : float, default=1.0
        Strength, at least 0; 0 is cross-entropy; 1 is consistent with the balanced error and the
        same loss as `BalancedSoftmaxLoss`.
    weight : Tensor of shape (K,), optional
        Class weights w_k.
    ignore_index : int, default=-100
        Label of what does not count, neither in the loss nor in its mean.
    reduction : {"mean", "sum", "none"}, default="mean"
        As in torch's ``CrossEntropyLoss``.
    label_smoothing : float, default=0.0
        Share of the target, in [0, 1], that is spread evenly over the classes.

    Raises
    ------
    InputError
        If a count is below 1 or `tau` is negative.

    Notes
    -----
    Call with logits (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64, or
    class probabilities of the shape of the logits from `Mixup` (the batch mean is weighted by w
    here too, other than torch's). Half precision is computed, and returned, in float32. Combining
    this loss with class weights or a class-balanced sampler corrects the imbalance twice.

    References
    ----------
    Menon et al., ICLR 2021, "Long-tail learning via logit adjustment", equation 10.

    Examples
    --------
    >>> loss = LogitAdjustedLoss([3, 1], tau=2.0)
    >>> loss(torch.zeros(1, 2), torch.tensor([1]))  # log(10)
    tensor(2.3026)
    """

    takes_out_prior = "tau"
    takes_mixed = True
    adjustment: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        tau: float = 1.0,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        check_number("tau", tau)
        n = check_counts(class_counts)
        self.tau = tau
        self.register_buffer("adjustment", (tau * torch.log(n / n.sum())).float())

    def _moved(self, z: Tensor, y: Tensor) -> Tensor:
        return z + self.adjustment
