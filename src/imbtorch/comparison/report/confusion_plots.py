"""The report's figures of mistakes: which classes are taken for which others."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array, triu

from imbtorch.comparison.report.canvas import (
    MANY,
    NAMED,
    Rows,
    by_frequency,
    by_recipe,
    legend_above,
    name_classes,
    new_figure,
    new_grid,
)
from imbtorch.extras import extra
from imbtorch.metrics.pairs import sparse

with extra("cli"):
    import matplotlib as mpl
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

SHOWN = 30
"""Number of classes in a confusion matrix of many classes."""


def summed_confusion(runs: Rows) -> csr_array:
    """Return the confusion matrix over all runs, shape (K, K), sparse."""
    number = len(runs[0]["data"]["counts"])
    return sum(
        (sparse(run["metrics"]["confusion"], number) for run in runs),
        start=csr_array((number, number), dtype=np.int64),
    )


def most_confused(rows: Rows, number: int) -> list[int]:
    """Return the classes of the pairs that all runs together confuse most often, worst first.

    If too few classes are confused at all, the most frequent ones complete the list.
    """
    confusion = summed_confusion(rows)
    pairs = triu(confusion + confusion.T, 1).tocoo()
    worst = np.argsort(-pairs.data, kind="stable")[:number]
    found = np.stack([pairs.row[worst], pairs.col[worst]], 1).flatten().tolist()
    frequent = by_frequency(rows[0]["data"]["counts"])[:number].tolist()
    return list(dict.fromkeys([*found, *frequent]))[:number]


def plot_confusion(rows: Rows) -> Figure:
    """Draw the confusion matrices over all seeds, each row normalized to 1; gray if untested.

    Classes go from the most to the least frequent; of many, only those that are confused most are
    shown.
    """
    groups = by_recipe(rows)
    data: Any = rows[0]["data"]
    order = by_frequency(data["counts"]).tolist()
    if len(order) > MANY:
        confused = set(most_confused(rows, SHOWN))
        order = [k for k in order if k in confused]
    names = [data["classes"][k] for k in order]
    figure, axes = new_grid(len(groups), 3 if len(order) <= 12 else 2)
    # the square root makes rare confusions visible next to the diagonal
    style: Any = {
        "norm": PowerNorm(0.5, 0, 1),
        "cmap": mpl.colormaps["Blues"].with_extremes(bad="lightgray"),
    }
    for axis, (name, runs) in zip(axes, groups.items(), strict=True):
        confusion = summed_confusion(runs)
        samples = confusion.sum(1)[order, None]
        counts = confusion[order][:, order].toarray()
        blank = np.full(counts.shape, np.nan)
        axis.imshow(np.divide(counts, samples, out=blank, where=samples > 0), **style)
        axis.set(title=name, xlabel="predicted", ylabel="true")
        if len(order) <= NAMED:
            small = 8 if len(order) <= 12 else 6
            axis.set_xticks(range(len(order)), names, fontsize=small, rotation=90)
            axis.set_yticks(range(len(order)), names, fontsize=small)
        else:
            axis.set(xlabel="predicted, by frequency", ylabel="true, by frequency")
    return figure


def plot_false_positives(rows: Rows) -> Figure:
    """Draw false positives summed from the most to the least frequent class, mean over seeds."""
    figure, axis = new_figure()
    data = rows[0]["data"]
    order = by_frequency(data["counts"])
    marker = "" if len(order) > MANY else "."
    for name, runs in by_recipe(rows).items():
        confusion = summed_confusion(runs)
        wrong = (confusion.sum(0) - confusion.diagonal()) / len(runs)
        axis.plot(wrong[order].cumsum(), marker=marker, label=name)
    name_classes(axis, data)
    axis.set_ylabel("false positives so far")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    legend_above(figure, axis.get_lines())
    return figure
