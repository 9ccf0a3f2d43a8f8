"""Balanced softmax: the class counts enter the softmax during training."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.data.checks import check_counts
from imbtorch.losses.checks import check_logits, check_weight, cross_entropy


class BalancedSoftmaxLoss(nn.Module):
    r"""Cross-entropy of a softmax in which each class weighs as much as it has samples.

    .. math:: \ell = -w_y \log \frac{n_y e^{z_y}}{\sum_k n_k e^{z_k}}

    The network then learns logits for balanced classes, which are used as they are in
    evaluation. Averaged over the batch's weights, as torch's ``CrossEntropyLoss`` does.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers, each at least 1.
    weight : Tensor of shape (K,), optional
        Class weights w_k.

    Raises
    ------
    InputError
        If a count is below 1.

    Notes
    -----
    Call with logits (B, K) float and labels (B,) int64, or class probabilities (B, K) as
    `Mixup` makes them (then averaged over the batch size, as torch does). Together with class
    weights or a class-balanced sampler the imbalance is corrected twice.

    Differs from the paper: without its meta sampler.

    References
    ----------
    Ren et al., NeurIPS 2020, "Balanced meta-softmax", equation 4.

    Examples
    --------
    >>> loss = BalancedSoftmaxLoss([3, 1])
    >>> loss(torch.zeros(1, 2), torch.tensor([1]))  # log(4)
    tensor(1.3863)
    """

    takes_out_prior = True
    log_counts: Tensor
    weight: Tensor | None

    def __init__(self, class_counts: Sequence[int], weight: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("log_counts", torch.log(check_counts(class_counts)).float())
        self.register_buffer("weight", check_weight(weight))

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss, a scalar."""
        y = check_logits(self, logits, y, mixed=True)
        return cross_entropy(logits + self.log_counts, y, self.weight)
