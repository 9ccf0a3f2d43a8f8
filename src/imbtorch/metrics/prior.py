"""Correct class probabilities for class shares that differ from those in training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.data.array_likes import check_class_order, check_mask
from imbtorch.errors import InputError
from imbtorch.metrics.probabilities import check_probabilities


def correct_prior(
    probabilities: ArrayLike, trained: Sequence[float], prior: Sequence[float]
) -> NDArray[np.float64]:
    r"""Correct probabilities for class shares that differ from those in training.

    .. math:: p'(k | x) \propto p(k | x) \, \pi_k / q_k

    A network that saw every class equally often assumes that rare classes are frequent: it gives
    them probabilities that are too high if they are rare in use.

    Parameters
    ----------
    probabilities : array-like of shape (N, K)
        Class probabilities p from the network.
    trained : sequence of float
        q: the shares, or counts, of the K classes in training, as returned by
        `Recipe.class_shares`; above 0.
    prior : sequence of float
        pi: the shares, or counts, of the K classes where the network is used; at least 0.

    Returns
    -------
    ndarray of shape (N, K), float64
        Rows sum to 1; a row whose probability is all on classes with prior 0 is 0.

    Raises
    ------
    InputError
        If the numbers of classes differ, a share or a probability is out of range, or the
        probabilities of a row do not sum to 1.

    References
    ----------
    Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14 (2002), equation 2.4.

    Examples
    --------
    >>> correct_prior([[0.5, 0.5]], trained=[1, 1], prior=[90, 10])
    array([[0.9, 0.1]])
    """
    p = check_probabilities(probabilities)
    q, wanted = check_shares(trained, "trained"), check_shares(prior, "prior")
    if p.ndim != 2 or not p.shape[1] == len(q) == len(wanted):
        raise InputError(
            f"probabilities has shape {p.shape}, trained {q.shape} and prior {wanted.shape}; "
            "they must be (N, K), (K,) and (K,)"
        )
    if not (q > 0).all():
        raise InputError(f"trained is {list(trained)}; every share must be above 0")
    corrected = p * (wanted / q)
    total = corrected.sum(1, keepdims=True)
    corrected[total[:, 0] <= 0] = 0
    out: NDArray[np.float64] = np.divide(corrected, total, out=corrected, where=total > 0)
    return out


def check_shares(amounts: Sequence[float], name: str) -> NDArray[np.float64]:
    """Return class shares or counts divided by their sum, shape (K,)."""
    check_class_order(amounts, name, "index")
    check_mask(amounts, name)
    try:
        values = np.asarray(amounts, dtype=np.float64)
    except (TypeError, ValueError):  # such as a dict
        values = np.empty(0)
    if values.ndim != 1 or not (values >= 0).all() or not 0 < values.sum() < np.inf:
        raise InputError(f"{name} is {amounts!r}; it must hold K numbers of at least 0, not all 0")
    shares: NDArray[np.float64] = values / values.sum()
    return shares
