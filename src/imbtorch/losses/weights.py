"""Class weights: how much each sample of a class counts in the loss."""

from collections.abc import Sequence

import torch
from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.errors import InputError


def inverse_frequency_weights(class_counts: Sequence[int]) -> Tensor:
    r"""Return class weights inverse to the class frequencies (RW).

    .. math:: w_k \propto 1 / n_k, \quad \tfrac1K \sum_k w_k = 1

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k, K numbers, each at least 1.

    Returns
    -------
    Tensor of shape (K,), float32
        Mean 1.

    Raises
    ------
    InputError
        If a count is below 1.

    References
    ----------
    AMO (ICLR 2020 submission), baseline RW.

    Examples
    --------
    >>> inverse_frequency_weights([300, 100])
    tensor([0.5000, 1.5000])
    """
    return _to_mean_one(1 / check_counts(class_counts))


def effective_number_weights(class_counts: Sequence[int], beta: float = 0.9999) -> Tensor:
    r"""Return class weights inverse to the effective number of samples (CB-RW).

    .. math:: w_k \propto \frac{1 - \beta}{1 - \beta^{n_k}}, \quad \tfrac1K \sum_k w_k = 1

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k, K numbers, each at least 1.
    beta : float, default=0.9999
        In [0, 1): 0 weights all classes equally; close to 1 it is `inverse_frequency_weights`.

    Returns
    -------
    Tensor of shape (K,), float32
        Mean 1.

    Raises
    ------
    InputError
        If a count is below 1 or `beta` is out of range.

    References
    ----------
    Cui et al., CVPR 2019; AMO (ICLR 2020 submission), baseline CB-RW.

    Examples
    --------
    >>> effective_number_weights([2, 1], beta=0.5)
    tensor([0.8000, 1.2000])
    """
    if not 0 <= beta < 1:
        raise InputError(f"beta is {beta}; it must lie in [0, 1)")
    n = check_counts(class_counts)
    # -expm1(n log beta) is 1 - beta^n without cancellation for beta close to 1
    log_beta = torch.log(torch.tensor(beta, dtype=torch.float64))
    return _to_mean_one((1 - beta) / -torch.expm1(n * log_beta))


def _to_mean_one(weights: Tensor) -> Tensor:
    return (weights / weights.mean()).float()
