"""What the report's figures share: sizes, names, and axes over few or many classes."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.extras import extra
from imbtorch.metrics.confusion import DENSE
from imbtorch.metrics.undefined import mean_of_each
from imbtorch.printable import printable

with extra("cli"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.cells import cell_len

Rows = Sequence[Mapping[str, Any]]
Arrays = Mapping[str, Mapping[str, NDArray[Any]]]
Floats = NDArray[np.float64]
MANY = DENSE
"""Number of classes above which figures show groups of classes, or some of them."""
GROUPS = 100
"""Number of groups of classes that a line over many classes has."""
LONGEST = 24
"""Number of characters of a name that figures show; wide ones, as in Chinese, count twice."""


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of this size in inches, and its single pair of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def new_grid(number: int, size: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with `number` square pictures, at most four per row."""
    columns = max(1, min(number, 4))
    rows = max(1, ceil(number / columns))
    figure = Figure(figsize=(size * columns, size * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for axis in axes[number:]:
        axis.set_axis_off()
    return figure, list(axes[:number])


def drawable(name: str, longest: int = LONGEST) -> str:
    """Return a name as matplotlib shows it: no formula, not hidden from legends, not too long.

    Examples
    --------
    >>> drawable("$x$"), drawable("_x"), drawable("a very long name of a species of beetles")
    ('\\\\$x\\\\$', ' _x', 'a very long …s of beetles')
    """
    name = printable(name)
    if cell_len(name) > longest:
        half = longest * len(name) // (2 * cell_len(name))
        name = f"{name[:half]}…{name[-half:]}"
    return (" " if name.startswith("_") else "") + name.replace("$", r"\$")


def drawable_recipes(names: Sequence[str]) -> dict[str, str]:
    """Return recipe name -> the name that figures show, a different one for each recipe."""
    shown = {name: drawable(name) for name in names}
    if len(set(shown.values())) < len(shown):
        shown = {name: drawable(name, sum(map(len, names))) for name in names}
    return shown


def by_recipe(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Group the rows by recipe."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["recipe"]["name"], []).append(row)
    return groups


def mean_over_seeds(runs: Rows, kind: str, measure: str) -> Floats | None:
    """Return the mean of a stored measure of each class; NaN where no seed has a value.

    `kind` is ``metrics`` or ``embedding``; None if no run has the measure.
    """
    stored = [run[kind][measure] for run in runs if measure in run.get(kind, {})]
    return mean_of_each(stored) if stored else None


def by_frequency(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return the classes from the most to the least frequent."""
    return np.argsort(-np.asarray(counts), kind="stable")


def over_classes(values: Sequence[float] | Floats, counts: Sequence[int]) -> tuple[Floats, Floats]:
    """Return what a line over the classes shows: places on the horizontal axis, and values.

    Of many classes, the values are means of groups of about equal number, from the most to the
    least frequent class; NaN values do not count.

    Examples
    --------
    >>> over_classes([0.5, 0.7], [9, 1])
    (array([0., 1.]), array([0.5, 0.7]))
    >>> [line[:2].tolist() for line in over_classes(range(200), range(200, 0, -1))]
    [[0.5, 2.5], [0.5, 2.5]]
    """
    numbers = np.asarray(values, dtype=np.float64)
    if len(counts) <= MANY:
        return np.arange(len(counts), dtype=np.float64), numbers
    places = np.array_split(np.arange(len(counts)), GROUPS)
    order = by_frequency(counts)
    means = [mean_of_each(numbers[order[group]][:, None])[0] for group in places]
    return np.array([group.mean() for group in places]), np.array(means)


def name_classes(axis: Axes, data: Mapping[str, Any], *, ranked: bool = False) -> None:
    """Label the horizontal axis with the class names, if there is room.

    `ranked` says that the classes are shown from the most to the least frequent.
    """
    classes: Sequence[str] = data["classes"]
    if len(classes) > 30:
        ranked = ranked or len(classes) > MANY
        axis.set_xlabel(f"class, {'from the most frequent' if ranked else 'in data order'}")
        return
    if ranked:
        classes = [classes[k] for k in by_frequency(data["counts"])]
    axis.set_xticks(range(len(classes)), classes)
    axis.set_xlabel("class")
    if max(map(len, classes)) > 3:
        axis.tick_params("x", rotation=60)


def lines_by_class(rows: Rows, label: str, kind: str, measure: str) -> tuple[Figure, Axes] | None:
    """Draw a measure of each class, one line per recipe; return None if no recipe has it.

    See `mean_over_seeds` and `over_classes`.
    """
    figure, axis = new_figure(9, 4)
    data = rows[0]["data"]
    for name, runs in by_recipe(rows).items():
        line = mean_over_seeds(runs, kind, measure)
        if line is not None:
            axis.plot(*over_classes(line, data["counts"]), marker="o", markersize=4, label=name)
    if not axis.lines:
        return None
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)
    name_classes(axis, data)
    return figure, axis
