"""Two classes: a head with a single logit is one with two, and back."""

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError


def two_class_logits(z: Tensor) -> Tensor:
    r"""Return the logits of two classes that stand for one: (0, z).

    .. math:: \mathrm{softmax}(0, z) = (1 - \sigma(z), \sigma(z))

    So any loss and method for K classes takes a network with one output.

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
        If there is more than one logit a sample.

    Examples
    --------
    >>> two_class_logits(torch.tensor([0.0, 2.0])).softmax(1)[:, 1]
    tensor([0.5000, 0.8808])
    """
    if z.ndim not in (1, 2) or (z.ndim == 2 and z.shape[1] != 1):
        raise InputError(f"z has shape {tuple(z.shape)}; (B,) or (B, 1) is needed")
    z = z.reshape(-1, 1)
    return torch.cat([torch.zeros_like(z), z], 1)


@torch.no_grad()
def two_logit_head(head: nn.Linear) -> nn.Linear:
    """Return a head with two logits whose softmax is the sigmoid of a head with one.

    Parameters
    ----------
    head : nn.Linear
        (D, 1); left as it is.

    Returns
    -------
    nn.Linear
        (D, 2), as `two_class_logits` of what `head` gives.

    Examples
    --------
    >>> one = nn.Linear(3, 1)
    >>> h = torch.randn(4, 3)
    >>> torch.allclose(two_logit_head(one)(h).softmax(1)[:, 1], one(h).sigmoid().ravel())
    True
    """
    two = nn.Linear(head.in_features, 2, bias=head.bias is not None).to(head.weight)
    two.weight.copy_(torch.cat([torch.zeros_like(head.weight), head.weight]))
    if head.bias is not None:
        two.bias.copy_(torch.cat([torch.zeros_like(head.bias), head.bias]))
    return two


@torch.no_grad()
def single_logit_head(head: nn.Module) -> nn.Linear:
    """Return a head with one logit whose sigmoid is the softmax of a head with two.

    Parameters
    ----------
    head : nn.Module
        Linear, (D, 2); left as it is.

    Returns
    -------
    nn.Linear
        (D, 1): the difference of the two.

    Raises
    ------
    InputError
        If the head is not linear with two logits.

    Examples
    --------
    >>> one = nn.Linear(3, 1)
    >>> torch.equal(single_logit_head(two_logit_head(one)).weight, one.weight)
    True
    """
    if not isinstance(head, nn.Linear) or head.out_features != 2:
        raise InputError(f"head is {head!r}; a linear one with two logits is needed")
    one = nn.Linear(head.in_features, 1, bias=head.bias is not None).to(head.weight)
    one.weight.copy_(head.weight[1:] - head.weight[:1])
    if head.bias is not None:
        one.bias.copy_(head.bias[1:] - head.bias[:1])
    return one
