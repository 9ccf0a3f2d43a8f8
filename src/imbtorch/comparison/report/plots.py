"""The report's figures of results, drawn from stored result rows."""

from collections.abc import Sequence

import numpy as np

from imbtorch.comparison.report.canvas import (
    NAMED,
    WIDTH,
    Rows,
    by_recipe,
    draw_by_class,
    legend_above,
    new_figure,
    over_classes,
)
from imbtorch.comparison.report.summary import Summary
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def plot_recall(rows: Rows) -> Figure:
    """Draw training samples and recall of each class, mean over seeds; gaps if untested."""
    figure = Figure(figsize=(WIDTH, 5), layout="constrained")
    above, axis = figure.subplots(2, 1, sharex=True, height_ratios=(1, 3))
    counts = rows[0]["data"]["counts"]
    bars = above.bar(*over_classes(counts, counts), color="tab:grey", width=0.8)
    if len(counts) <= NAMED:
        above.bar_label(bars, fontsize=8)
    above.set(yscale="log", ylabel="samples")
    above.margins(y=0.3)
    handles = draw_by_class(axis, rows, "metrics", "recall")
    axis.set_ylabel("recall")
    axis.set_ylim(top=1.02)
    legend_above(figure, handles)
    return figure


def plot_curves(rows: Rows) -> Figure:
    """Draw training loss and held-out balanced accuracy over the epochs, mean over seeds."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, runs in by_recipe(rows).items():
        histories = [run["history"] for run in runs]
        network = [row for row in histories[0] if row["phase"] == "train"]
        loss = np.mean([[r["loss"] for r in h if r["phase"] == "train"] for h in histories], axis=0)
        left.plot([row["epoch"] for row in network], loss, label=name)
        measured = [r["epoch"] for r in histories[0] if "balanced_accuracy" in r]
        values = [
            [r["balanced_accuracy"] for r in h if "balanced_accuracy" in r] for h in histories
        ]
        right.plot(measured, np.mean(values, axis=0), marker=".", label=name)
    left.set(xlabel="epoch", ylabel="training loss (each recipe's own)", yscale="log")
    right.set(xlabel="epoch", ylabel="held-out balanced accuracy")
    left.grid(alpha=0.3)
    right.grid(alpha=0.3)
    legend_above(figure, right.get_lines())
    return figure


def plot_cost(summaries: Sequence[Summary]) -> Figure:
    """Draw balanced accuracy against training seconds, one point per recipe, with its std."""
    figure, axis = new_figure()
    for place, summary in enumerate(sorted(summaries, key=lambda s: s.mean["balanced_accuracy"])):
        x, y = summary.mean["seconds"], 100 * summary.mean["balanced_accuracy"]
        std = np.nan_to_num(100 * summary.std["balanced_accuracy"])
        axis.errorbar(x, y, std, marker="o", linestyle="", capsize=3)
        below = -11 if place % 2 else 5  # so that neighbors do not cover one another
        axis.annotate(summary.recipe, (x, y), (6, below), textcoords="offset points", fontsize=8)
    axis.set(
        xlabel="training seconds, including a pretrained network", ylabel="balanced accuracy, %"
    )
    axis.set_xlim(left=0)
    axis.margins(x=0.15)
    axis.grid(alpha=0.3)
    return figure
