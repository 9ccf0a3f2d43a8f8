"""Torch's cross-entropy, with one mean for labels and for class probabilities."""

import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.places import Loss


def averaged_by_weight(loss: Loss) -> Loss:
    r"""Return a loss as it is, or torch's ``CrossEntropyLoss`` with its mean over class weights.

    Of labels, torch divides the sum of a batch by that of its class weights; of class
    probabilities, as `Mixup` and `CutMix` return them, by the number of samples. Here

    .. math:: \ell = \frac{-\sum_i \sum_k p_{ik} w_k \log \mathrm{softmax}(z_i)_k}
              {\sum_i \sum_k p_{ik} w_k}

    in both cases, so that mixing samples does not change the size of the steps.

    Examples
    --------
    >>> import torch
    >>> loss = averaged_by_weight(nn.CrossEntropyLoss(torch.tensor([0.2, 1.8])))
    >>> z, y = torch.zeros(4, 2), torch.tensor([0, 0, 0, 1])
    >>> loss(z, y), loss(z, F.one_hot(y, 2).float())
    (tensor(0.6931), tensor(0.6931))
    """
    if type(loss) is not nn.CrossEntropyLoss or loss.weight is None or loss.reduction != "mean":
        return loss
    return _ByWeight(
        loss.weight, ignore_index=loss.ignore_index, label_smoothing=loss.label_smoothing
    )


class _ByWeight(nn.CrossEntropyLoss):
    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        if not y.is_floating_point():
            return super().forward(logits, y)
        weight = self.weight
        assert weight is not None
        total = F.cross_entropy(
            logits, y, weight, reduction="sum", label_smoothing=self.label_smoothing
        )
        return total / (y.movedim(1, -1) * weight).sum()
