"""The report's figures of results, drawn from stored result rows."""

from collections.abc import Sequence

import numpy as np

from imbtorch.comparison.report.canvas import (
    MANY,
    Rows,
    by_frequency,
    by_recipe,
    lines_by_class,
    name_classes,
    new_figure,
)
from imbtorch.comparison.report.summary import Summary
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def plot_class_counts(rows: Rows) -> Figure:
    """Draw the training set's class counts as bars, on a logarithmic scale."""
    data = rows[0]["data"]
    counts = data["counts"]
    figure, axis = new_figure(7, 2.8)
    if len(counts) > MANY:
        ranked = np.asarray(counts)[by_frequency(counts)]
        axis.stairs(ranked, np.arange(len(counts) + 1) - 0.5, fill=True, color="tab:grey")
    else:
        bars = axis.bar(range(len(counts)), counts, color="tab:grey")
        if len(counts) <= 30:
            axis.bar_label(bars, fontsize=8)
    axis.set_yscale("log")
    axis.margins(y=0.12)
    axis.set_ylabel("training samples")
    name_classes(axis, data)
    return figure


def plot_recall(rows: Rows) -> Figure:
    """Draw the recall of each class, mean over seeds, one line per recipe; gaps if untested."""
    drawn = lines_by_class(rows, "recall", "metrics", "recall")
    assert drawn is not None
    figure, axis = drawn
    axis.set_ylim(top=1.02)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_curves(rows: Rows) -> Figure:
    """Draw training loss and held-out balanced accuracy over the epochs, mean over seeds."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
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
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_cost(summaries: Sequence[Summary]) -> Figure:
    """Draw balanced accuracy against training seconds, one point per recipe, with its std."""
    figure, axis = new_figure(8, 3.6)
    for summary in summaries:
        x, y = summary.mean["seconds"], 100 * summary.mean["balanced_accuracy"]
        std = np.nan_to_num(100 * summary.std["balanced_accuracy"])
        axis.errorbar(x, y, std, marker="o", linestyle="", capsize=3, label=summary.recipe)
    axis.set(
        xlabel="training seconds, including a pretrained network", ylabel="balanced accuracy, %"
    )
    axis.set_xlim(left=0)
    axis.grid(alpha=0.3)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
