"""Balanced softmax: a loss that weights the softmax by the class counts during training."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.data.checks import check_counts
from imbtorch.losses.checks import check_logits, check_weight, cross_entropy


class BalancedSoftmaxLoss(nn.Module):
    r"""Cross-entropy of a softmax that weights each class by its number of samples.

    .. math:: \ell = -w_y \log \frac{n_y e^{z_y}}{\sum_k n_k e^{z_k}}

    The network then learns logits for balanced classes; evaluation uses them unchanged. The
    batch mean is weighted by w, as in torch's ``CrossEntropyLoss``.

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
    Call with logits (B, K) float and labels (B,) int64, or class probabilities (B, K) from
    `Mixup` (then averaged over the batch size, as in torch). Combining this loss with class
    weights or a class-balanced sampler corrects the imbalance twice.

    Differs from the paper: there is no meta sampler.

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
        """Return the mean loss as a scalar."""
        y = check_logits(self, logits, y, mixed=True)
        return cross_entropy(logits + self.log_counts, y, self.weight)
