"""Gaussians of the classes in a latent space, however few samples a class has."""

import torch
from sklearn.covariance import ledoit_wolf
from torch import Tensor

SMALLEST_VARIANCE = 1e-6
"""Added to the variances of codes, so that a covariance is never singular."""


def class_gaussians(codes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return the mean and the covariance of the codes of each class, however few it has.

    .. math:: \Sigma_c = \frac{n_c S_c + D W}{n_c + D}

    with the covariance :math:`S_c` of the :math:`n_c` codes of class c, and that of all codes about
    their class's mean, :math:`W`, by Ledoit and Wolf's shrinkage. A class of one sample has the
    form of all, a class of thousands its own.

    Parameters
    ----------
    codes : Tensor of shape (N, D), float32
        Latent vectors, on the CPU.
    labels : Tensor of shape (N,), int64
        0..K-1; every class has a code.

    Returns
    -------
    means : Tensor of shape (K, D), float32
    covariances : Tensor of shape (K, D, D), float32
        Symmetric and positive definite.

    References
    ----------
    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    Journal of Multivariate Analysis 2004; Friedman, "Regularized discriminant analysis", JASA 1989.

    Examples
    --------
    >>> codes = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, 5.0]])
    >>> means, covariances = class_gaussians(codes, torch.tensor([0, 0, 1]))
    >>> means, covariances.shape
    (tensor([[1., 1.],
            [5., 5.]]), torch.Size([2, 2, 2]))
    """
    counts, size = torch.bincount(labels), codes.shape[1]
    codes = codes.double()
    totals = codes.new_zeros(len(counts), size).index_add_(0, labels, codes)
    means = totals / counts[:, None]
    gaps = codes - means[labels]
    pooled = torch.from_numpy(ledoit_wolf(gaps.numpy(), assume_centered=True)[0])
    own = [gaps[labels == label].T @ gaps[labels == label] for label in range(len(counts))]
    shrunk = (torch.stack(own) + size * pooled) / (counts[:, None, None] + size)
    least = SMALLEST_VARIANCE * torch.eye(size, dtype=codes.dtype)
    return means.float(), (shrunk + least).float()
