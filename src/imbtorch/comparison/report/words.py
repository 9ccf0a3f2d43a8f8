"""What is said of the runs of a comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbtorch.printable import plural


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
