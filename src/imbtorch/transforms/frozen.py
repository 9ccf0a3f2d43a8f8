"""Freeze networks while their outputs or input gradients are computed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torch import nn


@contextmanager
def frozen(*models: nn.Module) -> Iterator[None]:
    """Use evaluation mode and no parameter gradients inside the block; restore both after it.

    Parameters
    ----------
    *models : nn.Module
        Networks; modules may differ in mode, and each gets its own mode back.

    Examples
    --------
    >>> model = nn.Linear(2, 2)
    >>> with frozen(model):
    ...     model.training, model.weight.requires_grad
    (False, False)
    >>> model.training, model.weight.requires_grad
    (True, True)
    """
    with ExitStack() as stack:
        for model in models:
            for module in model.modules():
                stack.callback(setattr, module, "training", module.training)
            for parameter in model.parameters():
                stack.callback(parameter.requires_grad_, parameter.requires_grad)
                parameter.requires_grad_(False)
            model.eval()
        yield


def head_scale(network: nn.Module) -> float:
    """Return what the logits of a network are multiplied by for its softmax: 1 but for cosines.

    Examples
    --------
    >>> head_scale(nn.Linear(2, 2))
    1.0
    """
    return float(getattr(getattr(network, "head", None), "scale", 1.0))
