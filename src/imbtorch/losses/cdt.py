"""Class-dependent temperatures (CDT): a loss that asks rare classes for larger logits."""

from collections.abc import Sequence

from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.losses.checks import check_number
from imbtorch.losses.class_loss import ClassLoss


class CDTLoss(ClassLoss):
    r"""Cross-entropy of logits divided by temperatures that are higher for rare classes.

    .. math:: \ell = w_y \, CE(z / a,\, y), \quad a_k = (n_1 / n_k)^\gamma

    A rare class must reach larger logits in training, which compensates for the drift of its
    features between training and test. Evaluation uses the logits unchanged. The batch mean is
    weighted by w, as in torch's ``CrossEntropyLoss``.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers, each at least 1; n_1 is the largest.
    gamma : float, default=0.3
        Exponent, at least 0; 0 is cross-entropy. Choose it by validation: the default is this
        library's; the paper gives none.
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
        If a count is below 1 or `gamma` is negative.

    Notes
    -----
    Call with logits (B, K) or (B, K, d1, ...) float and labels (B,) or (B, d1, ...) int64, or
    class probabilities of the shape of the logits from `Mixup` (the batch mean is weighted by w
    here too, other than torch's). Half precision is computed, and returned, in float32.

    References
    ----------
    Ye et al., 2020, "Identifying and compensating for feature deviation in imbalanced deep
    learning" (arXiv 2001.01385).

    Examples
    --------
    >>> import torch
    >>> loss = CDTLoss([16, 1], gamma=0.5)  # temperatures 1 and 4
    >>> logits = torch.tensor([[0.0, 4.0]])
    >>> loss(logits, torch.tensor([1]))  # log(1 + exp(-1))
    tensor(0.3133)
    """

    takes_mixed = True
    temperatures: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        gamma: float = 0.3,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        check_number("gamma", gamma)
        n = check_counts(class_counts)
        self.gamma = gamma
        self.register_buffer("temperatures", ((n.max() / n) ** gamma).float())

    def _moved(self, z: Tensor, y: Tensor) -> Tensor:
        return z / self.temperatures

    def _pulled(self, slopes: Tensor) -> Tensor:
        return slopes.div_(self.temperatures)
