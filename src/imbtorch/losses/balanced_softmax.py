"""Balanced softmax: a loss that weights the softmax by the class counts during training."""

from collections.abc import Sequence

import torch
from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.losses.class_loss import ClassLoss


class BalancedSoftmaxLoss(ClassLoss):
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
    ignore_index : int, default=-100
        Label of what does not count, neither in the loss nor in its mean.
    reduction : {"mean", "sum", "none"}, default="mean"
        As in torch's ``CrossEntropyLoss``.
    label_smoothing : float, default=0.0
        Share of the target, in [0, 1], that is spread evenly over the classes.

    Raises
    ------
    InputError
        If a count is below 1.

    Notes
    -----
    Call with logits (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64, or
    class probabilities of the shape of the logits from `Mixup` (the batch mean is weighted by w
    here too, other than torch's). Half precision is computed, and returned, in float32. Combining
    this loss with class weights or a class-balanced sampler corrects the imbalance twice.

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
    takes_mixed = True
    log_counts: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        self.register_buffer("log_counts", torch.log(check_counts(class_counts)).float())

    def _moved(self, z: Tensor, y: Tensor) -> Tensor:
        return z + self.log_counts
