"""What the report's figures share: sizes, names, and axes over few or many classes."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.extras import extra
from imbtorch.metrics.confusion import DENSE
from imbtorch.metrics.pairs import sparse
from imbtorch.metrics.undefined import mean_of_each
from imbtorch.printable import printable

with extra("cli"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.cells import cell_len

Rows = Sequence[Mapping[str, Any]]
Arrays = Mapping[str, Mapping[str, NDArray[Any]]]
Floats = NDArray[np.float64]
WIDTH = 9.0
"""Width of all figures in inches."""
NAMED = 30
"""Number of classes up to which each is named."""
MANY = DENSE
"""Number of classes above which figures show groups of classes, or some of them."""
GROUPS = 100
"""Number of groups of classes that a line over many classes has."""
LONGEST = 24
"""Number of characters of a name that figures show; wide ones, as in Chinese, count twice."""


def new_figure() -> tuple[Figure, Axes]:
    """Return a figure, 4 inches high, and its single pair of axes."""
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    return figure, figure.subplots()


def legend_above(figure: Figure, handles: Sequence[Any]) -> None:
    """Name what is drawn, in rows above the axes."""
    longest = max((cell_len(str(handle.get_label())) for handle in handles), default=0)
    columns = max(1, min(len(handles), 100 // (longest + 6)))
    figure.legend(
        handles=handles, loc="outside upper left", ncols=columns, fontsize=8, frameon=False
    )


def new_grid(number: int, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """Return a figure with `number` square pictures in some columns."""
    rows = max(1, ceil(number / columns))
    figure = Figure(figsize=(WIDTH, WIDTH / columns * rows), layout="constrained")
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


def held_out(rows: Rows) -> list[int]:
    """Return the held-out samples of each class; with folds, of all that any recipe was run on."""
    number, folds = len(rows[0]["data"]["counts"]), rows[0].get("folds", 1)
    one = {run["seed"]: run for run in rows if run["seed"] < folds} or {0: rows[0]}
    matrices = [sparse(run["metrics"]["confusion"], number) for run in one.values()]
    counts: list[int] = sum(matrix.sum(1) for matrix in matrices).tolist()
    return counts


def by_frequency(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return the classes from the most to the least frequent."""
    return np.argsort(-np.asarray(counts), kind="stable")


def over_classes(values: Sequence[float] | Floats, counts: Sequence[int]) -> tuple[Floats, Floats]:
    """Return what is drawn over the classes: places on the horizontal axis, and values.

    They go from the most to the least frequent class. Of many classes, the values are means of
    groups of about equal number; NaN values do not count.

    Examples
    --------
    >>> over_classes([0.5, 0.7], [1, 9])
    (array([0., 1.]), array([0.7, 0.5]))
    >>> [line[:2].tolist() for line in over_classes(range(200), range(200, 0, -1))]
    [[0.5, 2.5], [0.5, 2.5]]
    """
    numbers, order = np.asarray(values, dtype=np.float64), by_frequency(counts)
    if len(counts) <= MANY:
        return np.arange(len(counts), dtype=np.float64), numbers[order]
    places = np.array_split(np.arange(len(counts)), GROUPS)
    means = [mean_of_each(numbers[order[group]][:, None])[0] for group in places]
    return np.array([group.mean() for group in places]), np.array(means)


def name_classes(axis: Axes, data: Mapping[str, Any]) -> None:
    """Label the horizontal axis, from the most to the least frequent class, if there is room."""
    classes = [data["classes"][k] for k in by_frequency(data["counts"])]
    axis.set_xlabel("class, from the most to the least frequent")
    if len(classes) <= NAMED:
        axis.set_xticks(range(len(classes)), classes)
        if max(map(len, classes)) > 3:
            axis.tick_params("x", rotation=60)


def draw_by_class(axis: Axes, rows: Rows, kind: str, measure: str) -> list[Any]:
    """Draw a measure of each class, in one color per recipe; return what the legend names.

    Classes are categories: dots, side by side, and no line joins them. A line joins the means of
    groups of many classes. See `mean_over_seeds` and `over_classes`.
    """
    data, groups = rows[0]["data"], by_recipe(rows)
    many = len(data["counts"]) > MANY
    handles = []
    for place, (name, runs) in enumerate(groups.items()):
        values = mean_over_seeds(runs, kind, measure)
        if values is not None:
            x, y = over_classes(values, data["counts"])
            beside = 0 if many else 0.6 * ((place + 0.5) / len(groups) - 0.5)
            line, dot = ("-", "") if many else ("", "o")
            handles += axis.plot(
                x + beside, y, linestyle=line, marker=dot, markersize=4, label=name
            )
    axis.grid(alpha=0.3)
    name_classes(axis, data)
    return handles
