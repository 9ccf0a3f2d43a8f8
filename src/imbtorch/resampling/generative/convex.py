"""The players of GAMO: a generator of convex weights, and a classifier that it deceives."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvexGenerator(nn.Module):
    """Noise and a label -> a weight for each sample of the class.

    Parameters
    ----------
    latent_size : int
        Size of the noise.
    counts : mapping of int to int
        Label -> number of samples :math:`n_k` of the class.
    width : int
        The hidden layers have eight times as many units.

    Examples
    --------
    >>> generator = ConvexGenerator(4, {1: 5, 2: 3}, 2)
    >>> weights = generator(torch.randn(3, 4), torch.tensor([1, 1, 2]))
    >>> weights[1].shape, weights[2].shape, round(weights[2].sum().item(), 4)
    (torch.Size([2, 5]), torch.Size([1, 3]), 1.0)
    """

    def __init__(self, latent_size: int, counts: Mapping[int, int], width: int) -> None:
        super().__init__()
        units = 8 * width
        self.labels = [*counts]
        self.mapping = nn.Sequential(
            nn.Linear(latent_size + len(counts), units),
            nn.BatchNorm1d(units),
            nn.ReLU(),
            nn.Linear(units, units),
            nn.BatchNorm1d(units),
            nn.ReLU(),
        )
        self.units = nn.ModuleList([nn.Linear(units, number) for number in counts.values()])

    def forward(self, z: Tensor, y: Tensor) -> dict[int, Tensor]:
        """Return label -> weights (n, n_k), of noise (B, latent_size) and labels (B,)."""
        of_label = y[:, None] == torch.tensor(self.labels, device=y.device)
        hidden = self.mapping(torch.cat([z, of_label.to(z)], 1))
        return {
            label: F.softmax(unit(hidden[mine]), 1)
            for label, unit, mine in zip(self.labels, self.units, of_label.T, strict=True)
            if bool(mine.any())
        }


class Classifier(nn.Sequential):
    """Vectors (B, in_features) -> logits (B, num_classes), by two hidden layers.

    It has no batch normalization: a batch of made samples is not distributed like the real ones.
    """

    def __init__(self, in_features: int, num_classes: int, width: int) -> None:
        units = 8 * width
        super().__init__(
            nn.Linear(in_features, units),
            nn.LeakyReLU(0.2),
            nn.Linear(units, units),
            nn.LeakyReLU(0.2),
            nn.Linear(units, num_classes),
        )


def erring_loss(logits: Tensor, y: Tensor) -> Tensor:
    r"""Return how far a classifier is from erring: 0 if it is sure of another class.

    .. math:: E[-\log(1 - p_y)]

    Parameters
    ----------
    logits : Tensor of shape (B, K)
        Scores of K > 1 classes.
    y : Tensor of shape (B,), int64
        Labels.

    Examples
    --------
    >>> erring_loss(torch.zeros(1, 4), torch.tensor([2])).exp()
    tensor(1.3333)
    """
    others = logits.masked_fill(F.one_hot(y, logits.shape[1]).bool(), -torch.inf)
    return (logits.logsumexp(1) - others.logsumexp(1)).mean()
