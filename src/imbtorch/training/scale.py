"""The scale of a cosine head: its loss and its probabilities agree on it."""

import warnings
from types import FunctionType

from torch import Tensor, nn

from imbtorch.places import Loss
from imbtorch.training.run import Run


def on_scale(run: Run, loss: Loss) -> Loss:
    """Return a loss that sees the logits as the network's probabilities do.

    A cosine head, and its average, gets the scale of the loss. A loss of torch or of this library
    that has none is given the logits times the scale of the head.

    Warns
    -----
    UserWarning
        If a loss of a program's own has no attribute ``scale``: it may multiply the cosines itself,
        so it is given them as they are.
    """
    scale = getattr(run.model.head, "scale", None)
    if not isinstance(scale, Tensor):
        return loss
    if hasattr(loss, "scale"):
        scale.fill_(loss.scale)
        if run.average is not None:
            run.average.module.get_buffer("head.scale").fill_(loss.scale)
        return loss
    kind = loss if isinstance(loss, FunctionType) else type(loss)
    if kind.__module__.partition(".")[0] in ("torch", "imbtorch"):
        return _Scaled(loss, scale)
    warnings.warn(
        f"{kind.__name__} has no attribute scale; the head takes it to multiply the cosines by "
        f"{float(scale):g}: set scale to its factor, or to 1 if it has none",
        UserWarning,
        stacklevel=2,
    )
    return loss


class _Scaled(nn.Module):
    def __init__(self, loss: Loss, scale: Tensor) -> None:
        super().__init__()
        self.loss, self.by = loss, scale

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        return self.loss(self.by * logits, y)
