"""Micro-clusters (DOS): each sample with its nearest neighbors of the same class."""

from collections.abc import Sequence

import torch
from torch import Tensor

from imbtorch.data.checks import check_labels
from imbtorch.errors import InputError
from imbtorch.resampling.neighbors import Neighbors


def overload(features: Tensor, labels: Tensor, n_neighbors: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Pair each sample with its nearest neighbors within its class.

    Parameters
    ----------
    features : Tensor of shape (N, D)
        Embeddings, float.
    labels : Tensor of shape (N,), int64
        Labels 0..K-1.
    n_neighbors : sequence of int
        Neighbors k of a sample of each class, K numbers of at least 0; a class with fewer other
        samples uses them all. A class with 0 is not searched.

    Returns
    -------
    members : Tensor of shape (N, k + 1), int64
        Row numbers in `features`, for the largest k: the sample itself, then its neighbors,
        nearest first. The sample itself stands in for missing neighbors.
    present : Tensor of shape (N, k + 1), bool
        Whether a place holds the sample itself (only the first one) or a neighbor.

    Raises
    ------
    InputError
        If the number for a class is negative or missing.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), equation 1 and Algorithm 1: deep feature overloading.

    Examples
    --------
    >>> features, labels = torch.tensor([[0.0], [1.0], [5.0], [0.5]]), torch.tensor([0, 0, 0, 1])
    >>> members, present = overload(features, labels, [1, 1])
    >>> members.tolist(), present.tolist()
    ([[0, 1], [1, 0], [2, 1], [3, 3]], [[True, True], [True, True], [True, True], [True, False]])
    """
    labels = check_labels(labels, "labels")
    if features.ndim != 2 or not len(features) == len(labels) > 0:
        raise InputError(
            f"features has shape {tuple(features.shape)} and labels has {tuple(labels.shape)}; "
            "they must be (N, D) and (N,), with N at least 1"
        )
    counts = torch.bincount(labels).tolist()
    if len(n_neighbors) < len(counts) or min(n_neighbors) < 0:
        raise InputError(
            f"n_neighbors is {list(n_neighbors)}; {len(counts)} numbers of at least 0 are needed"
        )
    taken = [min(k, max(n - 1, 0)) for k, n in zip(n_neighbors, counts, strict=False)]
    members = torch.arange(len(labels), device=labels.device)[:, None].repeat(1, max(taken) + 1)
    present = torch.zeros_like(members, dtype=torch.bool)
    present[:, 0] = True
    for label, k in enumerate(taken):
        if k:
            rows = (labels == label).nonzero().flatten()
            nearest = Neighbors(k).fit(features[rows]).kneighbors(return_distance=False)
            members[rows, 1 : k + 1] = rows[torch.as_tensor(nearest).to(rows.device)]
            present[rows, 1 : k + 1] = True
    return members, present


def draw_weights(present: Tensor, rng: torch.Generator) -> Tensor:
    """Draw positive weights that sum to 1 over the places that are present.

    Parameters
    ----------
    present : Tensor of shape (B, k + 1), bool
        At least one place per row.
    rng : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor of shape (B, k + 1), float32
        Flat Dirichlet over the present places, 0 elsewhere.

    Examples
    --------
    >>> present = torch.tensor([[True, False], [True, True]])
    >>> weights = draw_weights(present, torch.Generator().manual_seed(0))
    >>> weights[0].tolist(), round(float(weights[1].sum()), 6)
    ([1.0, 0.0], 1.0)
    """
    # exponential variables divided by their sum follow a flat Dirichlet
    drawn = torch.empty(present.shape).exponential_(generator=rng).clamp_min(1e-12)
    drawn = drawn.to(present.device) * present
    return drawn / drawn.sum(1, keepdim=True)


def centers(features: Tensor, members: Tensor, present: Tensor) -> Tensor:
    """Return the center of each micro-cluster, shape (N, D).

    Parameters
    ----------
    features, members, present : Tensor
        As passed to and returned by `overload`.

    Examples
    --------
    >>> features, labels = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([0, 0, 0])
    >>> centers(features, *overload(features, labels, [1])).flatten().tolist()
    [0.5, 0.5, 3.0]
    """
    total = torch.zeros_like(features)
    for place in range(members.shape[1]):  # one place at a time: memory for N rows, not N (k + 1)
        total += features[members[:, place]] * present[:, place, None]
    return total / present.sum(1, keepdim=True)


def spread(points: Tensor, features: Tensor, labels: Tensor, present: Tensor) -> float:
    """Return the mean squared distance of points from the mean embedding of their class.

    Only samples that have neighbors count: the others are not pulled together.

    Parameters
    ----------
    points, features : Tensor of shape (N, D)
        The points to measure, such as `centers`, and the embeddings that define the class means.
    labels : Tensor of shape (N,), int64
        Labels of both.
    present : Tensor of shape (N, k + 1), bool
        As returned by `overload`.

    Returns
    -------
    float
        NaN if no sample has neighbors.

    Examples
    --------
    >>> features, labels = torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([0, 0, 1])
    >>> members, present = overload(features, labels, [1, 0])
    >>> spread(features, features, labels, present)
    1.0
    >>> spread(centers(features, members, present), features, labels, present)
    0.0
    """
    counts = torch.bincount(labels).clamp_min(1)
    sums = features.new_zeros(len(counts), features.shape[1]).index_add_(0, labels, features)
    apart = (points - (sums / counts[:, None])[labels]).square().sum(1)
    return float(apart[present[:, 1:].any(1)].mean())
