"""Losses of cosines with a margin, for labels and for class probabilities."""

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.losses.blocks import differentiated
from imbtorch.losses.class_loss import CosineLoss


class MarginLoss(CosineLoss):
    r"""Base class of the losses whose right class must win by a margin.

    A subclass gives the logit of each class where it is a wrong one (u) and where it is the right
    one (v), so that the loss of a label is the cross-entropy of u with v in its place. The loss of
    class probabilities is the mean of the labels' losses:

    .. math:: \ell(p) = \sum_k p_k \, \ell_k, \quad
              \ell_k = \mathrm{softplus}\Big(\log \sum_{j \ne k} e^{u_j} - v_k\Big)

    which takes a few times the memory of the logits, whatever the number of classes with p_k > 0.
    """

    takes_mixed = True

    def _wrong(self, z: Tensor) -> Tensor:
        """Return the logits u of cosines (M, K), shape (M, K)."""
        raise NotImplementedError

    def _right(self, z: Tensor, cosines: Tensor, y: Tensor) -> Tensor:
        """Return the logits v of some classes y, given their cosines, both (M, m) or (m,)."""
        raise NotImplementedError

    def _moved(self, z: Tensor, y: Tensor) -> Tensor:
        y = y[:, None]
        return self._wrong(z).scatter(1, y, self._right(z, z.gather(1, y), y))

    def _mixed(self, z: Tensor, p: Tensor) -> Tensor:
        return self._reduced(self._each(z, p), p)

    def _each(self, z: Tensor, y: Tensor) -> Tensor:
        return self._means(z, y) if y.is_floating_point() else super()._each(z, y)

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        if y.is_floating_point():
            return differentiated(self._means, z, y, gradient)
        return super()._slopes(z, y, gradient)

    def _means(self, z: Tensor, p: Tensor) -> Tensor:
        """Return the mean of the labels' losses for each row."""
        wrong = self._wrong(z)
        right = self._right(z, z, torch.arange(z.shape[1], device=z.device))
        each = F.softplus(_without_own(wrong) - right, threshold=50)
        each = self._smoothed(each, wrong, right).masked_fill(p == 0, 0)  # not even infinity
        return (p * each).sum(1)

    def _smoothed(self, each: Tensor, wrong: Tensor, right: Tensor) -> Tensor:
        """Return the labels' losses (M, K), weighted and smoothed as cross-entropy does it."""
        share, classes = self.label_smoothing, each.shape[1]
        weight = each.new_ones(classes) if self.weight is None else self.weight.to(each.dtype)
        if not share:
            return weight * each
        total = (weight * wrong).sum(1, keepdim=True) + weight * (right - wrong)
        spread = weight.sum() * (each + right) - total
        return (1 - share) * weight * each + share / classes * spread


def _without_own(u: Tensor) -> Tensor:
    """Return the log of the sum of the exponentials of all other columns, for each column."""
    top = u.detach().argmax(1, keepdim=True)
    rest = u.scatter(1, top, -torch.inf)
    # the part of a column that is not the largest is at most 1/2: nothing cancels
    part = (rest - u.logsumexp(1, keepdim=True)).exp()
    others = u.logsumexp(1, keepdim=True) + torch.log1p(-part)
    return others.scatter(1, top, rest.logsumexp(1, keepdim=True))
