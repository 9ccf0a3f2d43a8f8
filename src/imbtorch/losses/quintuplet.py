"""The quintuplet loss of large-margin local embedding (LMLE)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError


class QuintupletLoss(nn.Module):
    r"""Keep clusters within classes, and classes apart, each by a margin.

    With embeddings of unit length and squared distances D from a sample to four others of the
    batch, namely p (the farthest of its cluster), q (the nearest of its class in another
    cluster), r (the farthest of its class in another cluster) and n (the nearest of another
    class):

    .. math:: \max(0, g_1 + D_p - D_q) + \max(0, g_2 + D_q - D_r) + \max(0, g_3 + D_r - D_n)

    averaged over the batch. A term is left out where one of its two samples is missing; where a
    class has one cluster alone, r is the farthest of the class.

    Parameters
    ----------
    margins : sequence of float, default=(0.1, 0.1, 0.2)
        g1, g2, g3, at least 0; squared distances between unit vectors lie in 0..4.

    Raises
    ------
    InputError
        If there are not three margins of at least 0.

    References
    ----------
    LMLE (Huang et al., CVPR 2016), a comparator in Table 5 of DOS. Differs from the paper: the
    samples are looked for within the batch, and the margins are its own choice.

    Examples
    --------
    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> labels, clusters = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 1, 1])
    >>> QuintupletLoss()(features, labels, clusters)
    tensor(0.)
    """

    def __init__(self, margins: Sequence[float] = (0.1, 0.1, 0.2)) -> None:
        super().__init__()
        if len(margins) != 3 or not all(g >= 0 for g in margins):
            raise InputError(f"margins is {margins}; three numbers of at least 0 are needed")
        self.margins = tuple(margins)

    def forward(self, features: Tensor, labels: Tensor, clusters: Tensor) -> Tensor:
        """Return the loss of features (B, D), labels (B,) and clusters (B,), a scalar.

        `clusters` are numbers that no two classes share.
        """
        if features.ndim != 2 or not len(features) == len(labels) == len(clusters) > 0:
            raise InputError(
                f"features has shape {tuple(features.shape)}, labels {tuple(labels.shape)} and "
                f"clusters {tuple(clusters.shape)}; (B, D), (B,) and (B,) are needed"
            )
        unit = nn.functional.normalize(features)
        distance = 2 - 2 * unit @ unit.T
        cluster = clusters[:, None] == clusters
        label = labels[:, None] == labels
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        apart = label & ~cluster
        whole = torch.where(apart.any(1, keepdim=True), apart, label & ~itself)
        places = [
            (cluster & ~itself, 1),  # p, the farthest
            (apart, -1),  # q, the nearest
            (whole, 1),  # r
            (~label, -1),  # n
        ]
        found = [sign * _largest(sign * distance, among) for among, sign in places]
        exists = [among.any(1) for among, _ in places]
        total = distance.new_zeros(len(labels))
        for i, margin in enumerate(self.margins):
            term = (margin + found[i] - found[i + 1]).clamp_min(0)
            total = total + torch.where(exists[i] & exists[i + 1], term, 0.0)
        return total.mean()


def _largest(values: Tensor, among: Tensor) -> Tensor:
    """Return the largest value of each row among some columns; 0 where there are none."""
    found = values.masked_fill(~among, -torch.inf).amax(1)
    return torch.where(among.any(1), found, 0.0)
