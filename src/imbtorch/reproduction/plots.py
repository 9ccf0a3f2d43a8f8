"""Figures of the papers that a comparison's report does not have."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imbtorch.comparison.report.canvas import (
    NAMED,
    Rows,
    by_recipe,
    legend_above,
    name_classes,
    new_figure,
    over_classes,
)
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def plot_sizes(data: Mapping[str, Any]) -> Figure:
    """Draw the number of training samples of each class."""
    figure, axis = new_figure()
    counts = data["counts"]
    bars = axis.bar(*over_classes(counts, counts), color="tab:grey", width=0.8)
    if len(counts) <= NAMED:
        axis.bar_label(bars, fontsize=8)
    axis.set(yscale="log", ylabel="training samples")
    axis.margins(y=0.1)
    name_classes(axis, data)
    return figure


def plot_against(rows: Rows, axis_name: str, measures: Sequence[str]) -> Figure:
    """Draw metrics against the number that a recipe's label ends with, mean ± std over seeds.

    The words before it name the line.
    """
    figure, axis = new_figure()
    lines: dict[str, list[tuple[float, float, float]]] = {}
    for label, runs in by_recipe(rows).items():
        *words, number = label.split()
        for measure in measures:
            values = [100 * run["metrics"][measure] for run in runs]
            shown = [*words, *([measure.replace("_", " ")] if len(measures) > 1 else [])]
            point = float(number), float(np.mean(values)), float(np.std(values, ddof=len(runs) > 1))
            lines.setdefault(" ".join(shown), []).append(point)
    for name, points in lines.items():
        x, mean, std = np.transpose(sorted(points))
        (line,) = axis.plot(x, mean, marker="o", markersize=4, label=name)
        axis.vlines(x, mean - std, mean + std, color=line.get_color(), linewidth=1)
    numbers = sorted({x for points in lines.values() for x, _, _ in points})
    if numbers[-1] > 50 * max(numbers[0], 1):
        axis.set_xscale("log")
    axis.set_xticks(numbers, [f"{x:g}" for x in numbers])
    axis.minorticks_off()
    what = measures[0].replace("_", " ") if len(measures) == 1 else "recall"
    axis.set(xlabel=axis_name, ylabel=f"{what}, %")
    axis.grid(alpha=0.3)
    legend_above(figure, axis.get_lines())
    return figure
