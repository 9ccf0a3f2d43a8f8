"""What a decision is chosen for: a metric to be largest, or a cost to be least."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imbtorch.errors import InputError
from imbtorch.metrics.cost import check_costs, expected_cost

Floats = NDArray[np.float64]
FEW = 5
"""With fewer validation samples of a class, a decision for it is chosen by chance."""
METRICS = ("f1", "fbeta:B", "balanced_accuracy", "recall@precision:P")
"""What can be maximized; B is in 0..1e6 and P in 0..1, both above 0."""
LARGEST = 1e6
_WITH_AMOUNT = re.compile(r"(fbeta|recall@precision):([0-9.eE+-]+)")


@dataclass(frozen=True)
class Objective:
    r"""What a decision is chosen for.

    For K > 2 classes the F-measure is the mean of those of all classes; for two classes it is that
    of the rarer one in training, as are recall and precision:

    .. math:: F_k = \frac{(1 + \beta^2) \, TP_k}{\beta^2 n_k + P_k}

    where n is the number of samples of the class, P how often it is decided for, and TP how often
    it is so rightly. The recall at a precision is the recall where the precision reaches it;
    where it does not, one that is closer to it is better.

    Parameters
    ----------
    name : str
        One of `METRICS`, or ``cost``.
    costs : tuple of tuples of float, optional
        See `expected_cost`; only with ``cost``.
    option : str, default="maximize"
        What errors call the name.
    """

    name: str
    costs: tuple[tuple[float, ...], ...] | None = None
    option: str = field(default="maximize", compare=False)

    def __post_init__(self) -> None:
        if self.costs is not None and self.name == "cost":
            check_costs(self.costs)
            return
        kind, amount = self._parts
        right = {"f1": True, "balanced_accuracy": True, "fbeta": 0 < amount <= LARGEST}
        right["recall@precision"] = 0 < amount <= 1
        if self.costs is not None or not right.get(kind, False):
            raise InputError(
                f"{self.option} is {self.name!r}; known are {', '.join(METRICS)}, with B above 0 "
                "and at most 1e6 and P above 0 and at most 1, as in fbeta:2 or recall@precision:0.9"
            )

    @classmethod
    def of(
        cls,
        maximize: str | None = None,
        costs: ArrayLike | None = None,
        option: str = "maximize",
    ) -> "Objective":
        """Return the objective of a metric's name, or of a cost matrix."""
        if (maximize is None) == (costs is None):
            given = "neither is" if costs is None else "both are"
            raise InputError(f"one of {option} and costs is needed; {given} given")
        if costs is None:
            assert maximize is not None
            return cls(maximize, option=option)
        return cls("cost", tuple(map(tuple, check_costs(costs).tolist())))

    @classmethod
    def named(cls, name: str) -> "Objective | None":
        """Return the objective that a stored decision names; None for costs, which it lacks."""
        try:
            return cls(name)
        except InputError:
            return None

    def identity(self) -> dict[str, str]:
        """Return what distinguishes it from others, JSON-ready: costs by their hash."""
        if self.costs is None:
            return {"maximizes": self.name}
        digest = hashlib.sha256(np.asarray(self.costs).tobytes()).hexdigest()[:16]
        return {"maximizes": self.name, "costs": digest}

    @property
    def _parts(self) -> tuple[str, float]:
        found = _WITH_AMOUNT.fullmatch(self.name)
        if found is None:
            return self.name, 1.0 if self.name == "f1" else np.nan
        try:
            return found[1], float(found[2])
        except ValueError:
            return "", 0.0

    @property
    def key(self) -> str:
        """The name of its figure: ``expected_cost``, or the metric's own."""
        return "expected_cost" if self.costs is not None else self.name

    @property
    def for_two(self) -> bool:
        """Whether it is defined for two classes alone."""
        return self._parts[0] == "recall@precision"

    @property
    def gains(self) -> Floats | None:
        """What a decision gains, (K, K), rows the true classes; None if it depends on others."""
        return None if self.costs is None else -np.asarray(self.costs)

    def scores(self, right: Floats, decided: Floats, support: Floats) -> Floats:
        """Return the score of one class, the larger the better, where there is no cost matrix.

        Parameters
        ----------
        right, decided, support : ndarray
            TP, P and n of the class, n above 0.
        """
        kind, amount = self._parts
        if kind == "balanced_accuracy":
            return right / support
        if kind == "recall@precision":
            precision = right / np.maximum(decided, 1)
            return np.where(precision >= amount - 1e-12, right / support, precision - 1)
        return (1 + amount**2) * right / (amount**2 * support + decided)

    def targets(self, y: NDArray[np.int64], counts: Sequence[int]) -> NDArray[np.int64]:
        """Return the classes whose scores count, of those that occur in `y`."""
        if len(counts) == 2 and self._parts[0] != "balanced_accuracy":
            return np.array([rarer(counts)])
        return np.unique(y)

    def check(self, y: NDArray[np.int64], counts: Sequence[int]) -> None:
        """Raise an InputError if it cannot be measured on these labels."""
        k = len(counts)
        if self.costs is not None:
            check_costs(self.costs, k)
            return
        if self.for_two and k != 2:
            raise InputError(
                f"{self.option} is {self.name!r}, which is for two classes; there are {k}: choose "
                "f1, fbeta:B or balanced_accuracy, or a cost matrix"
            )
        if missing := sorted(set(self.targets(y, counts).tolist()) - set(y.tolist())):
            raise InputError(
                f"{self.option} is {self.name!r}; the validation labels hold no sample of "
                f"class {missing[0]}, the rarer one"
            )

    def check_choice(self, y: NDArray[np.int64], counts: Sequence[int]) -> None:
        """Raise an InputError if no decision can be chosen for it on these labels.

        A threshold needs both classes, also where the metric is defined without one of them.
        """
        self.check(y, counts)
        if len(counts) == 2 and len(found := np.unique(y)) < 2:
            raise InputError(
                f"the labels to choose on hold samples of class {found[0]} alone: a threshold is "
                "chosen on both classes"
            )

    def value(self, y_true: Any, y_pred: Any, counts: Sequence[int]) -> float:
        """Return the metric of decisions, or minus the mean cost: the larger the better."""
        if self.costs is not None:
            return -expected_cost(y_true, y_pred, self.costs)
        y, chosen = np.asarray(y_true), np.asarray(y_pred)
        size = len(counts)
        right = np.bincount(y[y == chosen], minlength=size).astype(float)
        decided = np.bincount(chosen, minlength=size).astype(float)
        targets = self.targets(y, counts)
        support = np.bincount(y, minlength=size)[targets].astype(float)
        return float(self.scores(right[targets], decided[targets], support).mean())

    def figure(self, y_true: Any, y_pred: Any, counts: Sequence[int]) -> float:
        """Return the figure of decisions under its `key`: the mean cost, or the metric.

        The recall at a precision is 0 where the precision is not reached.
        """
        value = self.value(y_true, y_pred, counts)
        if self.for_two:
            return max(value, 0.0)
        return value if self.costs is None else -value


def few_words(y: NDArray[np.int64], classes: Sequence[str]) -> list[str]:
    """Return a sentence on classes with too few samples to choose a decision on, if any.

    Examples
    --------
    >>> few_words(np.array([0] * 9 + [1]), ["good", "dent", "scratch"])
    ['warning: few samples to choose on (dent: 1, scratch: 0): their offsets are mostly chance']
    """
    found = np.bincount(y, minlength=len(classes))
    few = [f"{classes[k]}: {found[k]}" for k in np.flatnonzero(found < FEW).tolist()]
    if not few:
        return []
    shown = ", ".join(few[:8]) + (f", ... ({len(few)} classes)" if len(few) > 8 else "")
    return [f"warning: few samples to choose on ({shown}): their offsets are mostly chance"]


def rarer(counts: Sequence[int]) -> int:
    """Return the rarer one of two classes; class 1 if they are equally frequent.

    Examples
    --------
    >>> rarer([90, 10]), rarer([10, 90]), rarer([5, 5])
    (1, 0, 1)
    """
    return int(counts[1] <= counts[0])
