"""Cells of a table: measured beside published, and how far apart they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf

import numpy as np


@dataclass(frozen=True)
class Cell:
    """A published mean and standard deviation, and what was measured, all in per cent.

    Parameters
    ----------
    mean, std : float
        As published.
    measured : sequence of float
        One value a training seed.

    Examples
    --------
    >>> cell = Cell(60.0, 0.3, [60.0, 61.0, 62.0])
    >>> str(cell), round(cell.distance, 2)
    ('61.0±1.0 (60.0±0.3, +1.0)', 0.96)
    """

    mean: float
    std: float
    measured: Sequence[float]

    @property
    def ours(self) -> tuple[float, float]:
        """Mean and standard deviation (over n - 1) of what was measured; 0 for one value."""
        values = np.asarray(self.measured, float)
        return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0

    @property
    def distance(self) -> float:
        """Measured minus published mean, in units of the joint standard deviation."""
        mean, std = self.ours
        joint = hypot(std, self.std)
        return (mean - self.mean) / joint if joint else (0.0 if mean == self.mean else inf)

    def __str__(self) -> str:
        mean, std = self.ours
        return f"{mean:.1f}±{std:.1f} ({self.mean:.1f}±{self.std:.1f}, {self.distance:+.1f})"
