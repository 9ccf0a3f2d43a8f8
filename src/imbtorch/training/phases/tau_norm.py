"""TauNormalize: the phase that equalizes the lengths of the head's class weights."""

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.training.phases.phase import Phase
from imbtorch.training.run import Run


def tau_normalize(head: nn.Linear, tau: float = 1.0) -> nn.Linear:
    r"""Return a linear head whose class weights are divided by a power of their norms.

    .. math:: \tilde w_k = w_k / \lVert w_k \rVert^\tau

    Parameters
    ----------
    head : nn.Linear
        (D, K); left unchanged.
    tau : float, default=1.0
        From 0 (only the bias changes) to 1 (every class weight has length 1).

    Returns
    -------
    nn.Linear
        Its bias is 0.

    Raises
    ------
    InputError
        If the head is not linear (a cosine head has no norms) or `tau` is not in 0..1.

    References
    ----------
    Kang et al., "Decoupling representation and classifier for long-tailed recognition", ICLR
    2020, section 4.2, which drops the bias and chooses tau on a validation set.

    Examples
    --------
    >>> head = nn.Linear(2, 2)
    >>> head.weight.data[:] = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    >>> tau_normalize(head).weight.tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]]
    """
    if not isinstance(head, nn.Linear):
        raise InputError(f"head is a {type(head).__name__}; tau-normalization needs a linear one")
    if not 0 <= tau <= 1:
        raise InputError(f"tau is {tau}; it must lie in 0..1")
    weight: Tensor = head.weight.detach()
    made = nn.Linear(head.in_features, head.out_features, device="meta")  # draws nothing
    made = made.to(weight.dtype).to_empty(device=weight.device)
    with torch.no_grad():
        made.weight.copy_(weight / weight.norm(dim=1, keepdim=True).clamp_min(1e-12) ** tau)
        made.bias.zero_()
    return made


class TauNormalize(Phase):
    """Normalize the trained head's class weights; nothing is trained.

    Parameters
    ----------
    tau : float, default=1.0
        See `tau_normalize`.

    Examples
    --------
    >>> TauNormalize(0.7).describe()
    {'phase': 'TauNormalize', 'epochs': 0, 'tau': 0.7}
    """

    needs_linear_head = True

    def __init__(self, tau: float = 1.0) -> None:
        if not 0 <= tau <= 1:
            raise InputError(f"tau is {tau}; it must lie in 0..1")
        self.epochs, self.tau = 0, tau

    def run(self, run: Run) -> None:
        """Replace the network's head with the normalized one."""
        with run.timed():
            run.change_head(tau_normalize(run.model.head, self.tau))  # type: ignore[arg-type]
