"""The figures that a table shows for a run: stored metrics, selected by name."""

from collections.abc import Callable, Mapping
from math import nan
from typing import Any

import numpy as np

from imbtorch.data.profiles.class_groups import minority_classes

Measure = Callable[[Mapping[str, Any]], float]
"""Result row -> figure, in percent (gaps in their own unit)."""
GROUPS = {"minority": True, "majority": False}


def measure(text: str) -> Measure:
    """Return a measure by name.

    Parameters
    ----------
    text : str
        A stored metric; if it has one value per class, these are averaged, without the classes
        where it is undefined. Prefixed with ``minority`` or ``majority``, only these classes
        count, by DOS's rule (see `minority_classes`). NaN if no class has a value.

    Examples
    --------
    >>> row = {"data": {"counts": [90, 90, 2]}, "metrics": {"f1": [0.9, 0.7, 0.25]}}
    >>> measure("minority f1")(row), round(measure("majority f1")(row))
    (25.0, 80)
    """
    group, _, name = text.rpartition(" ")

    def figure(row: Mapping[str, Any]) -> float:
        from imbtorch.metrics.undefined import mean_defined  # listing the tables needs none of it

        values = np.asarray(row["metrics"][name], float)
        if group:
            few = minority_classes(row["data"]["counts"], by="dos")
            values = values[few == GROUPS[group]]
        mean = mean_defined(values)
        return nan if mean is None else mean * (1 if name.startswith("gap") else 100)

    return figure
