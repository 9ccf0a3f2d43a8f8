"""Class-wise offsets that are best for an objective, by coordinate ascent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imbtorch.metrics.objective import Objective

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STRENGTHS = (0.0, 0.5, 1.0, 1.5)
"""Strengths of the logit adjustment from which the search for more than two classes begins."""
ROUNDS = 10
"""How often each class is visited at most."""
LEAST = 1e-9
"""The least difference of two thresholds, and of two values that count as different."""


def choose_offsets(objective: Objective, y: Ints, logs: Floats, counts: Sequence[int]) -> Floats:
    """Return the offsets b, the first of them 0, with which ``argmax(logs + b)`` is best.

    Parameters
    ----------
    objective : Objective
        What is to be largest.
    y : ndarray of shape (N,), int64
        Labels.
    logs : ndarray of shape (N, K)
        Logs of probabilities.
    counts : sequence of int
        Class counts of the training set.

    Returns
    -------
    ndarray of shape (K,)
        For two classes the best there are; for more, no single one of them can be bettered.

    Notes
    -----
    Along the offset of one class, the decision of each sample changes at one value, from its best
    other class to this one: sorted, they give the objective for all values in O(N log N).
    """
    size = logs.shape[1]
    if size == 2:
        return _Search(objective, y, logs, counts, np.zeros(2)).better(1).offsets
    shares = np.bincount(y, minlength=size).clip(min=0.5) / len(y)
    starts = [-strength * np.log(shares) for strength in STRENGTHS]
    value, best = max(
        ((objective.value(y, (logs + b).argmax(1), counts), -i) for i, b in enumerate(starts))
    )
    search = _Search(objective, y, logs, counts, starts[-best])
    for _ in range(ROUNDS):
        for k in np.unique(y).tolist():  # of a class without samples, nothing is known
            search.better(k)
        if search.value <= value + LEAST:
            break
        value = search.value
    offsets: Floats = search.offsets - search.offsets[0]
    return offsets


class _Search:
    """Scores of all samples under the current offsets, and each sample's two best classes."""

    def __init__(
        self, objective: Objective, y: Ints, logs: Floats, counts: Sequence[int], offsets: Floats
    ) -> None:
        self.objective, self.y, self.gains = objective, y, objective.gains
        self.scores, self.offsets = logs + offsets, offsets.copy()
        self.support = np.bincount(y, minlength=len(counts)).astype(float)
        self.counted = np.zeros(len(counts), bool)
        self.counted[objective.targets(y, counts)] = True
        self.two = np.empty((len(y), 2), np.int64)  # the best class and the next
        self._rank(np.arange(len(y)))
        self.value = objective.value(y, self.two[:, 0], counts)

    def _rank(self, rows: Ints) -> None:
        """Find the two best classes of some samples."""
        scores = self.scores[rows]
        two = np.argpartition(-scores, 1, axis=1)[:, :2] if scores.shape[1] > 2 else [[0, 1]]
        two = np.broadcast_to(two, (len(rows), 2))
        first, second = (np.take_along_axis(scores, two[:, [i]], 1)[:, 0] for i in (0, 1))
        self.two[rows] = np.where((first >= second)[:, None], two, two[:, ::-1])

    def better(self, k: int) -> "_Search":
        """Give class k its best offset, if one is better than the present."""
        everyone = np.arange(len(self.y))
        other = np.where(self.two[:, 0] == k, self.two[:, 1], self.two[:, 0])
        change = self.scores[everyone, other] - self.scores[:, k]  # what takes a sample to k
        order = np.argsort(change, kind="stable")
        at = change[order]
        values = self._along(k, self.y[order], other[order])
        gaps = np.diff(at, prepend=at[0] - 2, append=at[-1] + 2)
        values[gaps <= LEAST] = -np.inf  # equal scores cannot be told apart
        if values.max() <= self.value + LEAST:
            return self
        best = np.flatnonzero(values >= values.max() - LEAST)
        place = best[gaps[best].argmax()]  # the widest gap is the safest
        moved = at[place] - gaps[place] / 2 if place < len(at) else at[-1] + 1
        self.offsets[k] += moved
        self.scores[:, k] += moved
        self.value = float(values[place])
        new, second = self.scores[:, k], self.scores[everyone, self.two[:, 1]]
        self._rank(np.flatnonzero((self.two == k).any(1) | (new > second)))
        return self

    def _along(self, k: int, y: Ints, other: Ints) -> Floats:
        """Return the objective where the first 0..N samples are decided for class k."""
        if self.gains is not None:
            steps = self.gains[y, k] - self.gains[y, other]
            start = self.gains[y, other].sum()
            return np.concatenate([[start], start + steps.cumsum()]) / len(y)
        score, size = self.objective.scores, len(self.support)
        hit = (y == other).astype(float)
        decided = np.bincount(other, minlength=size).astype(float)
        right: Floats = np.bincount(other, hit, minlength=size).astype(np.float64)
        total = np.zeros(len(y) + 1)
        own = self.counted.copy()
        own[k] = False
        total += score(right[own], decided[own], self.support[own]).sum()
        by = np.argsort(other, kind="stable")  # within a class, in the order of their moves
        of = other[by]
        first = np.searchsorted(of, of)
        left = decided[of] - (np.arange(len(y)) - first)
        gone = hit[by].cumsum()
        gone -= (gone - hit[by])[first]  # hits of the class that move up to here
        support: Floats = np.maximum(self.support[of], 1.0)
        before = score(right[of] - gone + hit[by], left, support)
        after = score(right[of] - gone, left - 1, support)
        steps = np.empty(len(y))
        steps[by] = np.where(own[of], after - before, 0.0)
        total[1:] += steps.cumsum()
        if self.counted[k]:
            found: Floats = np.append(0.0, (y == k).cumsum()).astype(np.float64)
            total += score(found, np.arange(len(y) + 1.0), self.support[[k]])
        along: Floats = total / self.counted.sum()
        return along
