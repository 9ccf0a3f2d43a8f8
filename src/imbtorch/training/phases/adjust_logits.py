"""AdjustLogits: the phase that takes the class prior out of the trained head."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.data.checks import check_counts
from imbtorch.errors import InputError
from imbtorch.losses.checks import check_number
from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.run import Run


def adjust_logits(head: nn.Linear, class_counts: Sequence[int], tau: float = 1.0) -> nn.Linear:
    r"""Return a linear head whose logits are lower by the log of the class prior.

    .. math:: \tilde z_k = z_k - \tau \log \pi_k, \qquad \pi_k = n_k / \sum_j n_j

    Parameters
    ----------
    head : nn.Linear
        (D, K); left unchanged.
    class_counts : sequence of int
        n_k of what the head was trained on, each at least 1.
    tau : float, default=1.0
        Strength, at least 0; 0 leaves the logits, 1 makes the best guess of a calibrated network
        that of the least balanced error.

    Returns
    -------
    nn.Linear
        With the same class weights; the adjustment is its bias.

    Raises
    ------
    InputError
        If the head is not linear, the counts are not its classes', or a value is out of its range.

    Notes
    -----
    The cosines of a `CosineHead` have no bias; the losses that want one take the class sizes into
    account themselves.

    References
    ----------
    Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, equation 9.

    Examples
    --------
    >>> head = nn.Linear(2, 2)
    >>> moved = adjust_logits(head, [90, 10]).bias - head.bias
    >>> [round(value, 4) for value in moved.tolist()]  # -log .9, -log .1
    [0.1054, 2.3026]
    """
    if not isinstance(head, nn.Linear):
        raise InputError(
            f"head is a {type(head).__name__}; logits are adjusted in the bias of a linear one: "
            "take a loss that needs no other, or leave the adjustment out"
        )
    check_number("tau", tau)
    n = check_counts(class_counts)
    if len(n) != head.out_features:
        raise InputError(f"class_counts has {len(n)} classes; the head has {head.out_features}")
    weight: Tensor = head.weight.detach()
    made = nn.Linear(head.in_features, head.out_features, device="meta")  # draws nothing
    made = made.to(weight.dtype).to_empty(device=weight.device)
    adjustment = (tau * torch.log(n / n.sum())).to(weight)
    with torch.no_grad():
        made.weight.copy_(weight)
        made.bias.copy_((0 if head.bias is None else head.bias) - adjustment)
    return made


class AdjustLogits(Phase):
    """Take the prior of the training set out of the trained head; nothing is trained.

    Parameters
    ----------
    tau : float, default=1.0
        See `adjust_logits`; choose it on a validation split, never on the test set.

    Warns
    -----
    UserWarning
        In a recipe, after a phase that makes up for the class shares itself: by its loss, as
        `BalancedSoftmaxLoss` does, by class weights, or by what it samples.

    Examples
    --------
    >>> AdjustLogits(1.5).describe()
    {'phase': 'AdjustLogits', 'epochs': 0, 'tau': 1.5}
    """

    needs_linear_head = True

    def __init__(self, tau: float = 1.0) -> None:
        check_number("tau", tau)
        self.epochs, self.tau = 0, tau

    def check_after(self, before: Phase) -> None:
        """Warn if the phase before it has made up for the class shares."""
        if self.tau and before.makes_up:
            warnings.warn(
                f"AdjustLogits makes up for the class shares of the training set; after "
                f"{before.makes_up} they are made up for twice, in favor of rare classes: use the "
                "one or the other",
                UserWarning,
                stacklevel=4,
            )

    def shares_after(self, before: Sequence[float], counts: Sequence[int]) -> list[float]:
        """Return the class shares before the phase, each divided by n_k to the power of tau."""
        return as_shares([s / n**self.tau for s, n in zip(before, counts, strict=True)])

    def run(self, run: Run) -> None:
        """Replace the network's head with the adjusted one."""
        with run.timed():
            head = adjust_logits(run.model.head, run.counts, self.tau)  # type: ignore[arg-type]
            run.change_head(head)
