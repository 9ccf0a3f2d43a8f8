"""DBM: balanced softmax with margins for rare classes and hard samples."""

from collections.abc import Sequence

import torch
from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.losses.blocks import differentiated
from imbtorch.losses.checks import check_number
from imbtorch.losses.margin_loss import MarginLoss


class DBMLoss(MarginLoss):
    r"""Balanced softmax whose right class must win by an angular margin.

    .. math:: \ell = w_y \, CE(s \psi + \log \pi,\, y), \quad
              \psi_y = \cos(\theta_y + m_y), \quad \psi_{k \ne y} = \cos \theta_k
    .. math:: m_y = K \Big(\frac{n_{min}}{n_y}\Big)^\tau \big(1 + h \, (1 - \cos \theta_y) / 2\big)

    with the priors :math:`\pi_k = n_k / N`, and h = 1 if another class has a larger cosine than the
    right one (the sample is hard), else 0. Evaluation uses the cosines unchanged. The batch mean is
    weighted by w, as in torch's ``CrossEntropyLoss``.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, each at least 1.
    margin : float, default=0.1
        K, the margin of the rarest class in radians, positive; a hard sample has up to twice as
        much. The paper takes .1 to .3 for CIFAR.
    tau : float, default=1.0
        How fast the margin falls with the class count, at least 0.
    scale : float, default=32.0
        Factor s on the cosines, positive.
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
        If a count is below 1, `margin` or `scale` is not positive, or `tau` is negative.

    Notes
    -----
    The logits are cosines: use a `CosineHead`; others are told of in a warning. Call with logits
    (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64, or class probabilities
    of the shape of the logits from `Mixup` or `CutMix` (the batch mean is weighted by w here too,
    other than torch's): their loss is the mean of the losses of the classes, each with its own
    margin. Half precision is computed, and returned, in float32. The gradient flows through the
    difficulty as well. Combining this loss with class weights or a class-balanced sampler corrects
    the imbalance twice.

    Differs from the paper: only its form with balanced softmax is here. The sine is kept above
    0.001, so that gradients are finite at cosines of 1 and -1.

    References
    ----------
    Son et al., "Difficulty-aware balancing margin loss for long-tailed recognition", AAAI 2025
    (DBM-BS).

    Examples
    --------
    >>> loss = DBMLoss([3, 1])
    >>> loss(torch.tensor([[0.1, 0.0]]), torch.tensor([1]))  # hard: a margin of 0.15
    tensor(9.0807)
    """

    takes_out_prior = True
    margins: Tensor
    log_prior: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        margin: float = 0.1,
        tau: float = 1.0,
        scale: float = 32.0,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        check_number("margin", margin, positive=True)
        check_number("scale", scale, positive=True)
        check_number("tau", tau)
        n = check_counts(class_counts)
        self.margin, self.tau, self.scale = margin, tau, scale
        self.register_buffer("margins", (margin * (n.min() / n) ** tau).float())
        self.register_buffer("log_prior", torch.log(n / n.sum()).float())

    def _wrong(self, z: Tensor) -> Tensor:
        return self.scale * z + self.log_prior

    def _right(self, z: Tensor, cosines: Tensor, y: Tensor) -> Tensor:
        hard = z.amax(1, keepdim=True) > cosines
        margin = self.margins[y] * (1 + hard * (1 - cosines) / 2)
        # cos(theta + m) by the addition theorem; the root's slope has no limit at 0
        sine = (1 - cosines.square()).clamp_min(1e-6).sqrt()
        return self.scale * (cosines * margin.cos() - sine * margin.sin()) + self.log_prior[y]

    def _slopes(self, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
        return differentiated(self._each, z, y, gradient)
