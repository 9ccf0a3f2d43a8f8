"""Micro-cluster loss (DOS): pull an embedding toward a weighted mean of its neighbors."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.checks import (
    MIXED,
    at_least_float32,
    check_number,
    check_tensors,
    label_error,
)
from imbtorch.places import Loss


class MicroClusterLoss(nn.Module):
    r"""Train the embedding and the head toward micro-clusters of the embedding space.

    For a sample with embedding f(x), neighbors :math:`v_1 \dots v_k` of its class, the sample
    itself as :math:`v_0`, and weights w that sum to 1,

    .. math::
        \ell_f = \sum_{i=0}^k w_i \lVert f(x) - v_i \rVert^2, \quad
        \ell_g = \rho_0 H(g(f(x)), y) + \sum_{i=1}^k \rho_i H(g(v_i), y), \quad
        \ell = \ell_g + \alpha \ell_f

    with :math:`\rho_i \propto \exp(-w_i \lVert f(x) - v_i \rVert^2)`, :math:`\rho_0 \propto 1`,
    summing to 1. The loss :math:`\ell_f` is smallest where f(x) is the weighted mean of the v.
    The loss is averaged over the batch.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the embedding loss, at least 0.
    per_dimension : bool, default=False
        Whether squared distances are means over the D dimensions rather than sums.
    loss : callable, optional
        H: (logits, labels) -> mean loss without class weights; by default cross-entropy.

    Raises
    ------
    InputError
        If `alpha` is negative, the batch is empty, the shapes do not match, or a label is not in
        0..K-1.

    Notes
    -----
    ``loss(features, y, head, targets, weights)`` takes embeddings f(x) of shape (B, D) with
    gradient, labels (B,) int64, the head g: (n, D) -> logits (n, K), constant targets v of shape
    (B, k + 1, D), starting with the sample's own stored embedding, and weights of shape
    (B, k + 1). A sample with fewer neighbors has weight 0 for the missing ones; a sample with
    none has weight 1 for itself, and its loss is H alone. Half precision is computed, and
    returned, in float32. No label is ignored: each sample of a batch has a micro-cluster of its
    class.

    Differs from the paper, which prints k although the neighborhood holds k + 1 embeddings. The
    sample's own term in the head loss uses the live embedding, so that gradients reach f. The
    weights rho carry no gradient.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), equations 8 to 10.

    Examples
    --------
    >>> features, y, head = torch.tensor([[1.0, 0.0]]), torch.tensor([0]), nn.Identity()
    >>> targets = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    >>> MicroClusterLoss()(features, y, head, targets, torch.tensor([[1.0, 0.0]]))
    tensor(0.3133)
    """

    def __init__(
        self, alpha: float = 1.0, *, per_dimension: bool = False, loss: Loss | None = None
    ) -> None:
        super().__init__()
        check_number("alpha", alpha)
        self.alpha, self.per_dimension, self.loss = alpha, per_dimension, loss

    def forward(
        self,
        features: Tensor,
        y: Tensor,
        head: Callable[[Tensor], Tensor],
        targets: Tensor,
        weights: Tensor,
    ) -> Tensor:
        """Return the mean loss as a scalar."""
        _check(features, y, targets, weights)
        squared = (at_least_float32(features)[:, None] - targets).square()
        distance = squared.mean(-1) if self.per_dimension else squared.sum(-1)
        alone = (weights[:, 1:] == 0).all(1)
        pull = (weights * distance).sum(1).masked_fill(alone, 0.0)
        rho = self.shares(distance, weights)
        own = self._each(head(features), y)
        around = head(targets[:, 1:].flatten(0, 1))
        others = self._each(around, y.repeat_interleave(weights.shape[1] - 1)).view(len(y), -1)
        return (rho[:, 0] * own + (rho[:, 1:] * others).sum(1) + self.alpha * pull).mean()

    @staticmethod
    def shares(distance: Tensor, weights: Tensor) -> Tensor:
        """Return rho of shape (B, k + 1), summing to 1; 0 where there is no neighbor."""
        exponent = -(weights * distance).detach()
        exponent[:, 0] = 0.0  # the live embedding is at distance 0 from itself
        missing = weights == 0
        missing[:, 0] = False
        return exponent.masked_fill(missing, -torch.inf).softmax(1)

    def _each(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return H of each row, shape (n,)."""
        z = at_least_float32(logits)
        classes = z.shape[1]
        # a label that H would ignore becomes one that it refuses
        inside = y.long().masked_fill((y < 0) | (y >= classes), classes)
        try:
            if self.loss is None:
                return F.cross_entropy(z, inside, reduction="none")
            one: Callable[[Tensor, Tensor], Tensor] = torch.func.vmap(
                lambda z, label: self.loss(z[None], label[None])  # type: ignore[misc]
            )
            return one(z, inside)
        except (IndexError, RuntimeError) as error:
            named = label_error(y, classes)
            if named is None:
                raise
            raise named from error


def _check(features: Tensor, y: Tensor, targets: Tensor, weights: Tensor) -> None:
    """Raise an InputError if the shapes or dtypes of a batch do not match."""
    check_tensors("MicroClusterLoss", features=features, y=y, targets=targets, weights=weights)
    if features.ndim != 2 or not features.is_floating_point() or not features.numel():
        raise InputError(
            f"features has shape {tuple(features.shape)} and dtype {features.dtype}; "
            "MicroClusterLoss needs (B, D) float, with at least one sample"
        )
    if y.shape != features.shape[:1] or y.is_floating_point() or y.is_complex():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; MicroClusterLoss needs labels of "
            f"shape ({len(features)},), int64. {MIXED}"
        )
    wanted = (len(features), weights.shape[-1] if weights.ndim else 0, features.shape[1])
    if targets.shape != wanted or weights.shape != wanted[:2] or not weights.numel():
        raise InputError(
            f"targets has shape {tuple(targets.shape)} and weights {tuple(weights.shape)}; "
            f"with features of shape {tuple(features.shape)} they must be (B, k + 1, D) and "
            "(B, k + 1)"
        )
