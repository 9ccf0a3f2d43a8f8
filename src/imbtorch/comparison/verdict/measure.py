"""What recipes are compared by: balanced accuracy, or the figure that their decisions are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10, nan
from typing import Any

COST = "expected_cost"


@dataclass(frozen=True)
class Measure:
    """A figure of runs on the held-out samples by which recipes are compared.

    Attributes
    ----------
    name : str, default="balanced_accuracy"
        Its key among a row's ``metrics``, or among those of the row's ``decision``.
    decided : bool, default=False
        Whether it is that of the decision.
    digits : int, default=1
        Decimals that are shown.

    Examples
    --------
    >>> rows = [{"decision": {"metrics": {"expected_cost": 0.143}}}]
    >>> cost = Measure.of(rows)
    >>> cost.value(rows[0]), cost.shown(0.1432), cost.signed(0.02)
    (0.143, '0.143', '+0.020')
    >>> Measure.of([{"metrics": {"balanced_accuracy": 0.8}}]).shown(0.8)
    '80.0'
    """

    name: str = "balanced_accuracy"
    decided: bool = False
    digits: int = 1

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> "Measure":
        """Return what decisions were chosen for, if every row has it; else balanced accuracy."""
        decisions = [row["decision"] for row in rows if row.get("decision")]
        if not decisions or len(decisions) < len(rows):
            return cls()
        name = next(iter(decisions[0]["metrics"]))
        values = [decision["metrics"].get(name) for decision in decisions]
        if None in values:
            return cls()
        largest = max(map(abs, values))
        digits = 1
        if name == COST:  # in any unit: three digits of the largest
            digits = min(max(2 - floor(log10(largest)), 0), 9) if largest else 3
        return cls(name, True, digits)

    @property
    def is_cost(self) -> bool:
        """Whether the least is the best."""
        return self.name == COST

    @property
    def scale(self) -> int:
        """What it is multiplied by to be shown: 100 for percent, 1 for costs."""
        return 1 if self.is_cost else 100

    @property
    def column(self) -> str:
        """Its column in a table of recipes."""
        return "decided" if self.decided else self.name

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ")

    @property
    def best_words(self) -> str:
        """What the best recipe has."""
        return f"the {'lowest' if self.is_cost else 'highest'} {self.words}"

    def heading(self, baseline: str, space: str = " ") -> str:
        """Return the heading of the leads, with a line break in place of a space."""
        if not self.decided:
            return f"lead over{space}{baseline}"
        what = "cost saved" if self.is_cost else f"lead in {self.words}"
        return f"{what}{space}over {baseline}"

    def value(self, row: Mapping[str, Any]) -> float:
        """Return the value of a run."""
        value = (row["decision"] if self.decided else row)["metrics"][self.name]
        return nan if value is None else float(value)

    def gain(self, value: float, base: float) -> float:
        """Return by how much a value is better than another."""
        return base - value if self.is_cost else value - base

    def shown(self, value: float) -> str:
        """Return a value as text, without unit."""
        return f"{self.scale * value:.{self.digits}f}"

    def signed(self, gain: float) -> str:
        """Return a gain as text, without unit."""
        return f"{self.scale * gain:+.{self.digits}f}"

    def with_unit(self, value: float) -> str:
        """Return a value with its name.

        Examples
        --------
        >>> Measure().with_unit(0.8), Measure("expected_cost", True, 3).with_unit(0.121)
        ('80.0 % balanced accuracy', 'expected cost 0.121 a sample')
        """
        if self.is_cost:
            return f"{self.words} {self.shown(value)} a sample"
        return f"{self.shown(value)} % {self.words}{' under its decision' * self.decided}"


BALANCED = Measure()
