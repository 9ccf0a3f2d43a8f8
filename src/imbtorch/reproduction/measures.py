"""The figures that a table shows for a run: stored metrics, selected by name."""

from collections.abc import Callable, Mapping
from math import nan
from typing import Any

import numpy as np

from imbtorch.data.profiles.class_groups import minority_classes

Measure = Callable[[Mapping[str, Any]], float]
"""Result row -> figure, in percent (gaps and passes in their own unit)."""
GROUPS = {"minority": True, "majority": False}


def measure(text: str) -> Measure:
    """Return a measure by name.

    Parameters
    ----------
    text : str
        A stored metric; if it has one value per class, these are averaged, without the classes
        where it is undefined. Prefixed with ``minority`` or ``majority``, only these classes
        count, by DOS's rule (see `minority_classes`); with a number k, only class k. NaN if no
        class has a value. Or ``passes``, see `passes_of`.

    Examples
    --------
    >>> row = {"data": {"counts": [90, 90, 2]}, "metrics": {"f1": [0.9, 0.7, 0.25]}}
    >>> measure("minority f1")(row), round(measure("majority f1")(row))
    (25.0, 80)
    >>> measure("2 f1")(row)
    25.0
    """
    if text == "passes":
        return passes_of
    group, _, name = text.rpartition(" ")

    def figure(row: Mapping[str, Any]) -> float:
        from imbtorch.metrics.undefined import mean_defined  # listing the tables needs none of it

        values = np.asarray(row["metrics"][name], float)
        if group.isdecimal():
            values = values[int(group)]
        elif group:
            few = minority_classes(row["data"]["counts"], by="dos")
            values = values[few == GROUPS[group]]
        mean = mean_defined(values)
        return nan if mean is None else mean * (1 if name.startswith("gap") else 100)

    return figure


def passes_of(row: Mapping[str, Any]) -> float:
    """Return the forward and backward passes that a run's recipe takes a sample and an epoch.

    Plain training takes one; see `passes`. What a second network takes is not among them.

    Examples
    --------
    >>> row = {"recipe": {"name": "sam"}, "epochs": 10, "data": {"counts": [90, 10]}}
    >>> passes_of(row)
    2.0
    """
    from imbtorch.comparison.duration import passes
    from imbtorch.training.recipes import make_recipe

    counts, epochs = row["data"]["counts"], row["epochs"]
    _, costs = passes(make_recipe(row["recipe"]["name"], epochs), counts)
    return float(sum(costs) / (epochs * sum(counts)))
