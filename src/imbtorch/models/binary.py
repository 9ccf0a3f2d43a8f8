"""Binary classification: convert a head with one logit to one with two logits, and back."""

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError


def two_class_logits(z: Tensor) -> Tensor:
    r"""Return two-class logits (0, z) equivalent to the single logit z.

    .. math:: \mathrm{softmax}(0, z) = (1 - \sigma(z), \sigma(z))

    This makes any loss or method for K classes work with a network that has one output.

    Parameters
    ----------
    z : Tensor of shape (B,) or (B, 1)
        Logit of class 1.

    Returns
    -------
    Tensor of shape (B, 2)

    Raises
    ------
    InputError
        If there is more than one logit per sample.

    Examples
    --------
    >>> two_class_logits(torch.tensor([0.0, 2.0])).softmax(1)[:, 1]
    tensor([0.5000, 0.8808])
    """
    if z.ndim not in (1, 2) or (z.ndim == 2 and z.shape[1] != 1):
        raise InputError(f"z has shape {tuple(z.shape)}; it must be (B,) or (B, 1)")
    z = z.reshape(-1, 1)
    return torch.cat([torch.zeros_like(z), z], 1)


@torch.no_grad()
def two_logit_head(head: nn.Linear) -> nn.Linear:
    """Return a two-logit head whose softmax equals the sigmoid of a one-logit head.

    Parameters
    ----------
    head : nn.Linear
        (D, 1); not changed.

    Returns
    -------
    nn.Linear
        (D, 2); its output is `two_class_logits` of the output of `head`.

    Examples
    --------
    >>> one = nn.Linear(3, 1)
    >>> h = torch.randn(4, 3)
    >>> torch.allclose(two_logit_head(one)(h).softmax(1)[:, 1], one(h).sigmoid().ravel())
    True
    """
    two = _empty_linear(head, 2)
    two.weight.copy_(torch.cat([torch.zeros_like(head.weight), head.weight]))
    if head.bias is not None:
        two.bias.copy_(torch.cat([torch.zeros_like(head.bias), head.bias]))
    return two


@torch.no_grad()
def single_logit_head(head: nn.Module) -> nn.Linear:
    """Return a one-logit head whose sigmoid equals the softmax of a two-logit head.

    Parameters
    ----------
    head : nn.Module
        Linear, (D, 2); not changed.

    Returns
    -------
    nn.Linear
        (D, 1): the difference of the two logits.

    Raises
    ------
    InputError
        If the head is not a linear layer with two logits.

    Examples
    --------
    >>> one = nn.Linear(3, 1)
    >>> torch.equal(single_logit_head(two_logit_head(one)).weight, one.weight)
    True
    """
    if not isinstance(head, nn.Linear) or head.out_features != 2:
        raise InputError(f"head is {head!r}; it must be a linear layer with two logits")
    one = _empty_linear(head, 1)
    one.weight.copy_(head.weight[1:] - head.weight[:1])
    if head.bias is not None:
        one.bias.copy_(head.bias[1:] - head.bias[:1])
    return one


def _empty_linear(head: nn.Linear, out_features: int) -> nn.Linear:
    """Return a layer like `head` with uninitialized parameters, which draws no random numbers."""
    bias, weight = head.bias is not None, head.weight
    made = nn.Linear(head.in_features, out_features, bias, device="meta", dtype=weight.dtype)
    return made.to_empty(device=weight.device)
