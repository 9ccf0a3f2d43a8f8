"""What is said of the runs of a comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbtorch.comparison.report.summary import Summary, shown_columns
from imbtorch.printable import plural, printable

LISTED = 20
"""Classes without a held-out sample that a sentence names."""


def runs_words(rows: Sequence[Mapping[str, Any]], unit: str = "seed") -> str:
    """Return over which runs figures are means.

    Examples
    --------
    >>> runs_words([{"seed": 0}, {"seed": 1}])
    '2 seeds'
    >>> runs_words([{"seed": s, "folds": 3} for s in range(6)])
    '2 repetitions of 3 folds'
    """
    seeds, folds = {row["seed"] for row in rows}, rows[0].get("folds")
    if folds is None:
        return plural(len(seeds), unit)
    repetitions = len({seed // folds for seed in seeds})
    return f"{plural(repetitions, 'repetition')} of {folds} folds"


def untested_line(names: Sequence[str]) -> str:
    """Return a sentence on the classes without a held-out sample; empty if there are none.

    Examples
    --------
    >>> untested_line(["cat"])
    'No held-out sample of cat: recall is undefined there, and the averages are over the rest.'
    """
    if not names:
        return ""
    shown = ", ".join(map(printable, names[:LISTED]))
    more = f" and {len(names) - LISTED} more classes" if len(names) > LISTED else ""
    return (
        f"No held-out sample of {shown}{more}: recall is undefined there, and the averages are "
        "over the rest."
    )


def fewer_line(summaries: Sequence[Summary]) -> str:
    """Return a sentence on the columns whose means are not over all runs; empty if there are none.

    It says how many runs they are over at least.
    """
    shown = []
    for name, heading in shown_columns(summaries).items():
        if runs := [one.fewer[name] for one in summaries if name in one.fewer]:
            shown.append(f"{heading} ({plural(min(runs), 'run')} at least)")
    if not shown:
        return ""
    return f"Undefined in some runs, and averaged over the others: {', '.join(shown)}."
