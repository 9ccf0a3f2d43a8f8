"""`FitResult`: what `fit` returns."""

from dataclasses import dataclass

from torch import Tensor, nn

from imbtorch.data.arrays import ArrayDataset
from imbtorch.models.classifier import Classifier
from imbtorch.training.run import History


@dataclass(frozen=True)
class FitResult:
    """What `fit` returns.

    Attributes
    ----------
    model : Classifier
        The network after the last epoch, or its moving average if ``setup.ema`` asks for one; on
        the CPU, in evaluation mode.
    history : list of dict
        One row per epoch: epoch (from 1), phase, loss, lr; balanced_accuracy on `val` if it was
        measured; batch, the statistics of M2m. A phase that changes the head without epochs, such
        as `LogisticHead` or `TauNormalize`, has no row: the last one is of the network before it.
    seconds : float
        Training time without evaluation. Includes `pretrained_seconds`.
    pretrained : nn.Module or None
        The pretrained network, if the recipe used one: pass it to the next `fit` on this data.
    pretrained_seconds : float
        Training time of what the recipe shares with others, even if it was trained earlier: the
        pretrained network, or those that an over-sampler makes samples with.
    examples : dict of str to Tensor
        A few samples before and after translation (seed, moved, k0, k), and some that an
        over-sampler of the data made beside real ones (made, made_y, real, real_y), if any.
    embedded : ArrayDataset or None
        Embeddings that the head was retrained on, including EOS's points, if the recipe retrains
        it; on the device.
    """

    model: Classifier
    history: History
    seconds: float
    pretrained: nn.Module | None
    examples: dict[str, Tensor]
    embedded: ArrayDataset | None = None
    pretrained_seconds: float = 0.0
