"""Quintuplet loss of large-margin local embedding (LMLE)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.losses.checks import at_least_float32, check_number, check_tensors


class QuintupletLoss(nn.Module):
    r"""Separate the clusters within each class, and the classes, by margins.

    With unit-length embeddings and squared distances D from a sample to four others in the
    batch, namely p (the farthest in its cluster), q (the nearest of its class in another
    cluster), r (the farthest of its class in another cluster) and n (the nearest of another
    class):

    .. math:: \max(0, g_1 + D_p - D_q) + \max(0, g_2 + D_q - D_r) + \max(0, g_3 + D_r - D_n)

    averaged over the batch. A term is dropped if one of its two samples is missing; if a class
    has only one cluster, r is the farthest sample of the class.

    Parameters
    ----------
    margins : sequence of float, default=(0.1, 0.1, 0.2)
        g1, g2, g3, at least 0; squared distances between unit vectors lie in 0..4.

    Raises
    ------
    InputError
        If `margins` is not three numbers of at least 0, the batch is empty, or the shapes do not
        match.

    Notes
    -----
    Call with features (B, D) float, labels (B,) and cluster numbers (B,), which need to tell apart
    only the clusters within a class. Half precision is computed, and returned, in float32. Labels
    are only compared, so that any numbers will do, none is ignored, and nothing is smoothed.

    References
    ----------
    LMLE (Huang et al., CVPR 2016), a comparator in Table 5 of DOS. Differs from the paper: the
    four samples come from the batch, and the margins are this library's choice.

    Examples
    --------
    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> labels, clusters = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 1, 1])
    >>> QuintupletLoss()(features, labels, clusters)
    tensor(0.)
    """

    def __init__(self, margins: Sequence[float] = (0.1, 0.1, 0.2)) -> None:
        super().__init__()
        if len(margins) != 3:
            raise InputError(f"margins is {margins!r}; it must be three numbers of at least 0")
        for margin in margins:
            check_number("one of margins", margin)
        self.margins = tuple(margins)

    def forward(self, features: Tensor, labels: Tensor, clusters: Tensor) -> Tensor:
        """Return the loss of features (B, D), labels (B,) and clusters (B,) as a scalar."""
        check_tensors("QuintupletLoss", features=features, labels=labels, clusters=clusters)
        rows = features.shape[:1]
        if features.ndim != 2 or not features.numel() or not labels.shape == clusters.shape == rows:
            raise InputError(
                f"features has shape {tuple(features.shape)}, labels {tuple(labels.shape)} and "
                f"clusters {tuple(clusters.shape)}; they must be (B, D), (B,) and (B,), "
                "with at least one sample"
            )
        if not features.is_floating_point():
            raise InputError(f"features has dtype {features.dtype}; float is needed")
        unit = nn.functional.normalize(at_least_float32(features))
        with torch.autocast(unit.device.type, enabled=False):
            distance = 2 - 2 * unit @ unit.T
        label = labels[:, None] == labels
        cluster = label & (clusters[:, None] == clusters)
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
    """Return the largest value per row over the selected columns; 0 where none is selected."""
    found = values.masked_fill(~among, -torch.inf).amax(1)
    return torch.where(among.any(1), found, 0.0)
