"""Label-distribution-aware margins (LDAM): a loss with larger margins for rare classes."""

from collections.abc import Sequence

from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.losses.checks import check_number
from imbtorch.losses.margin_loss import MarginLoss


def ldam_margins(class_counts: Sequence[int], max_margin: float = 0.5) -> Tensor:
    r"""Return the margin of each class.

    .. math:: \Delta_k = C / n_k^{1/4}, \quad \max_k \Delta_k = \text{max\_margin}

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k, K numbers, each at least 1.
    max_margin : float, default=0.5
        Margin of the rarest class, positive, in units of the cosine.

    Returns
    -------
    Tensor of shape (K,), float32

    Raises
    ------
    InputError
        If a count is below 1 or `max_margin` is not positive.

    Examples
    --------
    >>> ldam_margins([10000, 16])
    tensor([0.1000, 0.5000])
    """
    n = check_counts(class_counts)
    check_number("max_margin", max_margin, positive=True)
    return (max_margin * (n.min() / n) ** 0.25).float()


class LDAMLoss(MarginLoss):
    r"""Cross-entropy that requires a larger margin of rare classes.

    .. math:: \ell = w_y \, CE\big(s (z - \Delta_y e_y),\, y\big), \quad
              \Delta_k = C / n_k^{1/4}

    The batch mean is weighted by w, as in torch's ``CrossEntropyLoss`` (implementations that
    divide by the batch size instead differ by that factor).

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers, each at least 1.
    max_margin : float, default=0.5
        Margin of the rarest class.
    scale : float, default=30.0
        Factor s on the cosines.
    weight : Tensor of shape (K,), optional
        Class weights w_k, for example from `effective_number_weights` (LDAM-DRW's second phase).
    ignore_index : int, default=-100
        Label of what does not count, neither in the loss nor in its mean.
    reduction : {"mean", "sum", "none"}, default="mean"
        As in torch's ``CrossEntropyLoss``.
    label_smoothing : float, default=0.0
        Share of the target, in [0, 1], that is spread evenly over the classes.

    Raises
    ------
    InputError
        If a count is below 1, or `max_margin` or `scale` is not positive.

    Notes
    -----
    The logits are cosines: use a `CosineHead`; others are told of in a warning. Call with logits
    (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64, or class probabilities
    of the shape of the logits from `Mixup` or `CutMix` (the batch mean is weighted by w here too,
    other than torch's): their loss is the mean of the losses of the classes, each with its own
    margin. Half precision is computed, and returned, in float32.

    References
    ----------
    Cao et al., NeurIPS 2019, equations 10 to 13.

    Examples
    --------
    >>> import torch
    >>> loss = LDAMLoss([100, 10])
    >>> cosines = torch.tensor([[0.9, -0.9]])
    >>> bool(loss(cosines, torch.tensor([0])) < loss(-cosines, torch.tensor([0])))
    True
    """

    margins: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        max_margin: float = 0.5,
        scale: float = 30.0,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        check_number("scale", scale, positive=True)
        self.max_margin, self.scale = max_margin, scale
        self.register_buffer("margins", ldam_margins(class_counts, max_margin))

    def _wrong(self, z: Tensor) -> Tensor:
        return self.scale * z

    def _right(self, z: Tensor, cosines: Tensor, y: Tensor) -> Tensor:
        return self.scale * (cosines - self.margins[y].to(z.dtype))

    def _pulled(self, slopes: Tensor) -> Tensor:
        return slopes.mul_(self.scale)
