"""Table cells that show measured next to published figures, and how far apart they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, isnan, nan

import numpy as np

from imbtorch.extras import extra

with extra("cli"):
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True)
class Cell:
    """A published mean and standard deviation, and the measured values, all in percent.

    Parameters
    ----------
    mean, std : float or None
        As published; None if not published.
    measured : sequence of float or None
        One value per training seed; None if not run.
    elsewhere : bool, default=False
        Whether it is a figure of another program, which is not run here.

    Examples
    --------
    >>> cell = Cell(60.0, 0.3, [60.0, 61.0, 62.0])
    >>> str(cell), round(cell.distance, 2)
    ('61.0±1.0 (60.0±0.3, +1.0)', 0.96)
    """

    mean: float | None
    std: float | None
    measured: Sequence[float] | None
    elsewhere: bool = False

    @property
    def ours(self) -> tuple[float, float]:
        """Measured mean and standard deviation (over n - 1); 0 for one value, NaN for none."""
        values = np.asarray(self.measured or [], float)
        if not len(values):
            return nan, nan
        return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0

    @property
    def distance(self) -> float:
        """Measured minus published mean, in joint standard deviations; NaN if unpublished."""
        mean, std = self.ours
        if self.mean is None:
            return nan
        joint = hypot(std, self.std or 0.0)
        return (mean - self.mean) / joint if joint else (0.0 if mean == self.mean else inf)

    def __str__(self) -> str:
        if self.elsewhere:
            return "-" if self.mean is None else f"({self.mean:.1f})"
        if not self.measured:
            said = "not run" if self.measured is None else "failed"
            return said if self.mean is None else f"{said} ({self.mean:.1f})"
        mean, std = self.ours
        if isnan(mean) and self.mean is None:  # of a group without classes
            return "-"
        here = f"{mean:.1f}±{std:.1f}" if len(self.measured) > 1 else f"{mean:.1f}"
        if self.mean is None:
            return here
        if self.std is None:
            return f"{here} ({self.mean:.1f})"
        return f"{here} ({self.mean:.1f}±{self.std:.1f}, {self.distance:+.1f})"


def show(title: str, measures: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> str:
    """Print a table of cells in the terminal, and return it as Markdown.

    Parameters
    ----------
    title : str
        Printed above the table.
    measures : sequence of str
        Column headings.
    rows : mapping of str to sequence of Cell
        Row name -> its cells, one per measure.

    Returns
    -------
    str
    """
    table = Table("row", *measures, title=title, title_justify="left")
    lines = [f"## {title}", "", " | ".join(("row", *measures))]
    lines.append("|".join(["---"] * (1 + len(measures))))
    for name, cells in rows.items():
        table.add_row(name, *map(str, cells))
        lines.append(" | ".join((name, *map(str, cells))))
    Console(width=40 * (1 + len(measures))).print(table)
    return "\n".join(lines) + "\n"


def claims(measured: Mapping[str, float], claimed: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one line per claim of a paper that says whether the claim holds here.

    Parameters
    ----------
    measured : mapping of str to float
        Row -> mean, in percent.
    claimed : mapping of str to sequence of str
        Row -> the rows that it is claimed to be above.

    Returns
    -------
    list of str

    Examples
    --------
    >>> claims({"ROS": 60.0, "AOS": 61.5}, {"AOS": ["ROS"]})
    ['AOS above ROS: yes, +1.5']
    """
    leads = [(w, o, measured[w] - measured[o]) for w, others in claimed.items() for o in others]
    said = [
        f"{w} above {o}: {'yes' if lead > 0 else 'no'}, {lead:+.1f}"
        for w, o, lead in leads
        if not isnan(lead)
    ]
    missing = [row for row, mean in measured.items() if isnan(mean)]
    return [*said, f"not measured: {'; '.join(missing)}"] if missing else said
