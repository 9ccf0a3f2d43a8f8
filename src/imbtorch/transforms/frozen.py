"""Networks that a transform looks through without changing them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torch import nn


@contextmanager
def frozen(*models: nn.Module) -> Iterator[None]:
    """Evaluation mode and no parameter gradients inside the block; both put back after it."""
    with ExitStack() as stack:
        for model in models:
            for module in model.modules():
                stack.callback(setattr, module, "training", module.training)
            for parameter in model.parameters():
                stack.callback(parameter.requires_grad_, parameter.requires_grad)
                parameter.requires_grad_(False)
            model.eval()
        yield
