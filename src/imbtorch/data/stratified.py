"""Divide rows at random, class by class."""

import numpy as np
from sklearn.model_selection import train_test_split


def stratified(y: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows at random, class by class: return those that stay and those held out.

    Parameters
    ----------
    y : ndarray of shape (N,)
        Labels.
    share : float
        Fraction to hold out; more if that is less than one sample per class.
    seed : int
        Random state.

    Returns
    -------
    kept, held : ndarray of int64
        Row numbers, ascending. Each class with at least two samples has one in both.

    Examples
    --------
    >>> y = np.repeat([0, 1, 2], [30, 2, 2])
    >>> [np.bincount(y[rows], minlength=3).tolist() for rows in stratified(y, 0.25, 0)]
    [[22, 1, 1], [8, 1, 1]]
    """
    values, counts = np.unique(y, return_counts=True)
    rows = np.flatnonzero(np.isin(y, values[counts > 1]))  # a single sample stays
    if len(rows) == 0:
        return np.arange(len(y)), rows
    size = max(share, (counts > 1).sum() / len(rows))
    kept, held = train_test_split(rows, test_size=size, random_state=seed, stratify=y[rows])
    if len(rows) < len(y):
        kept = np.concatenate([kept, np.setdiff1d(np.arange(len(y)), rows)])
    kept, held = _one_of_each(y, kept, held, values[counts > 1])
    held, kept = _one_of_each(y, held, kept, values[counts > 1])
    return np.sort(kept), np.sort(held)


def _one_of_each(
    y: np.ndarray, giving: np.ndarray, taking: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move one row of each class that `taking` lacks: return both."""
    lacking = np.setdiff1d(values, y[taking])
    moved = np.array([giving[y[giving] == value][0] for value in lacking], np.int64)
    return np.setdiff1d(giving, moved), np.concatenate([taking, moved])
