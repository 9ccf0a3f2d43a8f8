"""How samples are divided: what belongs together stays together, and classes keep their shares."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from imbtorch.data.copies import copies_in, kept_together
from imbtorch.data.labels import some
from imbtorch.data.rows import Split
from imbtorch.data.split_by import SplitBy, latest
from imbtorch.data.stratified import stratified
from imbtorch.errors import InputError
from imbtorch.seeding import derive_seed

Numbers = NDArray[np.int64]
Labels = NDArray[np.generic]
Names = Sequence[str] | None
ATTEMPTS = 20
"""How often groups are divided anew, until each class is where it must be."""


@dataclass(frozen=True)
class Division:
    """How N samples may be divided.

    Attributes
    ----------
    together : ndarray of int64, shape (N,)
        Samples with the same number are never divided: copies, byte for byte, and groups.
    by : SplitBy, optional
        The column that says the groups, or the times of which the later are held out.
    """

    together: Numbers
    by: SplitBy | None = None

    @classmethod
    def of(cls, split: Split, kind: str) -> "Division":
        """Find out what belongs together in a split of a kind of rows, see `copies_in`."""
        return cls.joined(copies_in(kind, split)[0], split)

    @classmethod
    def joined(cls, copied: Numbers, split: Split) -> "Division":
        """Return how a split may be divided, where copies have the same number."""
        together, by = kept_together(copied, split.labels), split.by
        if by is not None and by.how == "group":
            together = _linked(together, np.unique(by.values, return_inverse=True)[1])
        return cls(together, by)

    @cached_property
    def units(self) -> tuple[Numbers, Numbers]:
        """The first sample of each unit that is never divided, ascending, and each one's unit."""
        first, inverse = np.unique(self.together, return_index=True, return_inverse=True)[1:]
        order = np.argsort(first)
        return first[order], np.argsort(order)[inverse]

    def take(self, rows: Numbers) -> "Division":
        """Return that of the samples at `rows`."""
        return replace(self, together=self.together[rows], by=self.by and self.by.take(rows))

    def check(
        self, y: Labels, least: int, why: str, names: Names = None, advice: str = "add some"
    ) -> None:
        """Raise an InputError if a class has fewer than `least` different samples or groups."""
        values, number = np.unique(y, return_inverse=True)
        first, unit = self.units
        if self.by is None:
            counts = np.bincount(number[first], minlength=len(values))
            what = "samples" if len(first) == len(y) else "different samples"
        else:
            counts = np.bincount(np.unique(np.stack([number, unit]), axis=1)[0])
            what = f"groups of {self.by.column!r}"
        if len(values) > 1 and counts.min() < least:
            rare = [
                f"{some([values[k].item()], names)} ({counts[k]})"
                for k in np.flatnonzero(counts < least)
            ]
            raise InputError(
                f"each class needs at least {least} {what}, {why}; these have fewer: {some(rare)}: "
                f"{advice}, or leave the class out"
            )

    def hold_out(self, y: Labels, share: float, seed: int) -> tuple[Numbers, Numbers]:
        """Divide the samples: return the row numbers of those that stay and of those held out.

        Parameters
        ----------
        y : ndarray of shape (N,)
            Labels.
        share : float
            Fraction to hold out: of each class, as far as possible, or the latest.
        seed : int
            Random state.

        Returns
        -------
        kept, held : ndarray of int64
            Row numbers, ascending. Each class has a sample in `kept` and, if it has several that
            may be divided, one in `held`; by time, wherever it is.

        Raises
        ------
        InputError
            If the groups cannot be divided so, or all samples are of one time.

        Examples
        --------
        >>> copies = Division(np.array([0, 1, 0, 3, 4, 5, 6, 7]))
        >>> kept, held = copies.hold_out(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 0.5, 0)
        >>> len(kept), len(held), bool((0 in kept) == (2 in kept))
        (4, 4, True)
        """
        first, unit = self.units
        if self.by is None:
            held = np.isin(np.arange(len(y)), stratified(y, share, seed)[1])
            if np.intersect1d(unit[held], unit[~held]).size:
                held = _filled(y, held, unit, seed)
        elif self.by.how == "time":
            held = latest(self.by, share)
        else:
            number = np.unique(y, return_inverse=True)[1]
            groups = np.bincount(np.unique(np.stack([number, unit]), axis=1)[0])
            divided = np.flatnonzero(groups > 1)
            if len(divided) == 0:
                return np.arange(len(y)), np.arange(0)
            parts = min(max(round(1 / share), 2), len(first), np.bincount(number).max())
            cuts = (made == k for made in self._cuts(y, parts, seed) for k in range(parts))
            held = next(
                (
                    one
                    for one in cuts
                    if len(np.unique(number[~one])) == len(groups)
                    and np.isin(divided, number[one]).all()
                ),
                np.zeros(len(y), bool),
            )
            if not held.any():
                raise self._uneven("have each class on both sides of a split")
        return np.flatnonzero(~held), np.flatnonzero(held)

    def folds(self, y: Labels, number: int, seed: int, names: Names = None) -> Numbers:
        """Divide the samples into folds: return the one in which each is held out, 0..number-1.

        Parameters
        ----------
        y : ndarray of shape (N,)
            Labels.
        number : int
            Number of folds.
        seed : int
            Random state.
        names : sequence of str, optional
            Names of integer labels, for the errors.

        Raises
        ------
        InputError
            If a class is too rare to be in every fold or, with groups, to be trained beside every
            fold; if samples are divided by time.

        Examples
        --------
        >>> made = Division(np.array([0, 1, 0, 3, 4])).folds(np.array([0, 0, 0, 1, 1]), 2, 0)
        >>> bool(made[0] == made[2] != made[1])
        True
        """
        first, unit = self.units
        if self.by is None:
            self.check(y, number, f"one for each of {number} folds", names, "take fewer folds")
            made = np.zeros(len(first), np.int64)
            cut = StratifiedKFold(number, shuffle=True, random_state=seed)
            for k, (_, held) in enumerate(cut.split(first, y[first])):
                made[held] = k
            return made[unit]
        if self.by.how == "time":
            raise InputError(
                f"folds is {number} and test_split divides by the time {self.by.column!r}; beside "
                "a fold, a network would train on samples later than those it is tested on: leave "
                "--folds out"
            )
        self.check(y, 2, "one to train on and one to test on", names)
        if min(len(first), np.unique(y, return_counts=True)[1].max()) < number:
            raise InputError(
                f"folds is {number}; DATA has {len(first)} groups of {self.by.column!r}, and each "
                "fold needs one, and samples of some class: take fewer folds"
            )
        for made in self._cuts(y, number, seed):
            if not any(len(np.setdiff1d(y, y[made != k])) for k in range(number)):
                return made
        raise self._uneven(f"train every class beside each of {number} folds")

    def _cuts(self, y: Labels, parts: int, seed: int) -> Iterator[Numbers]:
        """Yield ways to divide the groups into parts with about equal shares of the classes."""
        for attempt in range(ATTEMPTS):
            made = np.zeros(len(y), np.int64)
            state = derive_seed(seed, "groups", attempt)
            with warnings.catch_warnings():  # of rare classes, which the callers check
                warnings.simplefilter("ignore", UserWarning)
                cut = StratifiedGroupKFold(parts, shuffle=True, random_state=state)
                for k, (_, held) in enumerate(cut.split(y, y, self.units[1])):
                    made[held] = k
            yield made

    def _uneven(self, aim: str) -> InputError:
        return InputError(
            f"the groups of {str(self.by and self.by.column)!r} are too few or too uneven to "
            f"{aim}: leave the rarest classes out, or divide by another column"
        )

    def notes(self) -> list[str]:
        """Return what belongs together, in sentences."""
        if self.by is not None and self.by.how == "time":
            return []
        if self.by is not None:
            return [f"groups by {self.by.column!r}, none of which is divided: {len(self.units[0])}"]
        copied = len(self.together) - len(self.units[0])
        return [f"{copied} samples are copies of others: copies stay together"] if copied else []


def _filled(y: Labels, wanted: NDArray[np.bool_], unit: Numbers, seed: int) -> NDArray[np.bool_]:
    """Hold out whole units, of each class at most as many samples as wanted, but at least one."""
    number, held = np.unique(y, return_inverse=True)[1], np.zeros(len(y), bool)
    left, sizes = np.bincount(number[wanted], minlength=number.max() + 1), np.bincount(unit)
    members = np.split(np.argsort(unit, kind="stable"), np.cumsum(sizes)[:-1])
    order = np.random.default_rng(seed).permutation(len(sizes))
    for rows in (members[i] for i in order):
        if len(rows) <= left[number[rows[0]]]:
            held[rows] = True
            left[number[rows[0]]] -= len(rows)
    for k in np.setdiff1d(number[wanted], number[held]):
        own = sorted((rows for rows in members if number[rows[0]] == k), key=len)
        held[own[0] if len(own) > 1 else []] = True  # a single one is trained
    return held


def _linked(a: Numbers, b: Numbers) -> Numbers:
    """Return numbers that are the same for samples linked by `a`, by `b`, or by both in turn."""
    a = np.unique(a, return_inverse=True)[1]
    size = int(a.max() + b.max()) + 2
    ends = np.stack([a, b + a.max() + 1]).astype(np.int32)  # SciPy 1.11 links nothing by int64
    links = coo_array((np.ones(len(a), bool), tuple(ends)), shape=(size, size))
    found: Numbers = connected_components(links, directed=False)[1][a].astype(np.int64)
    return found
