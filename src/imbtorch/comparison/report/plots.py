"""The report's figures of results, drawn from stored result rows."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from imbtorch.comparison.report.summary import Summary
from imbtorch.extras import extra

with extra("cli"):
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

Rows = Sequence[Mapping[str, Any]]
Arrays = Mapping[str, Mapping[str, NDArray[Any]]]


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of this size in inches, and its single pair of axes."""
    figure = _figure(width, height)
    return figure, figure.subplots()


def new_grid(number: int, size: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with `number` square pictures, at most four per row."""
    columns = max(1, min(number, 4))
    rows = max(1, ceil(number / columns))
    figure = _figure(size * columns, size * rows)
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for axis in axes[number:]:
        axis.set_axis_off()
    return figure, list(axes[:number])


def by_recipe(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Group the rows by recipe."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["recipe"]["name"], []).append(row)
    return groups


def name_classes(axis: Axes, classes: Sequence[str], order: str = "in data order") -> None:
    """Label the horizontal axis with the class names, if there is room."""
    if len(classes) > 30:
        axis.set_xlabel(f"class, {order}")
        return
    axis.set_xticks(range(len(classes)), classes)
    axis.set_xlabel("class")
    if max(map(len, classes)) > 3:
        axis.tick_params("x", rotation=60)


def plot_class_counts(rows: Rows) -> Figure:
    """Draw the training set's class counts as bars, on a logarithmic scale."""
    data = rows[0]["data"]
    figure, axis = new_figure(7, 2.8)
    bars = axis.bar(range(len(data["counts"])), data["counts"], color="tab:grey")
    if len(data["counts"]) <= 30:
        axis.bar_label(bars, fontsize=8)
    axis.set_yscale("log")
    axis.margins(y=0.12)
    axis.set_ylabel("training samples")
    name_classes(axis, data["classes"])
    return figure


def lines_by_class(
    rows: Rows, label: str, values: Callable[[Rows], NDArray[Any] | None]
) -> tuple[Figure, Axes] | None:
    """Draw a value of each class, one line per recipe; return None if no recipe has the value.

    `values` maps the rows of a recipe to its K values, or to None.
    """
    figure, axis = new_figure(9, 4)
    for name, runs in by_recipe(rows).items():
        line = values(runs)
        if line is not None:
            axis.plot(line, marker="o", markersize=4, label=name)
    if not axis.lines:
        return None
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)
    name_classes(axis, rows[0]["data"]["classes"])
    return figure, axis


def plot_recall(rows: Rows) -> Figure:
    """Draw the recall of each class, mean over seeds, one line per recipe."""
    drawn = lines_by_class(
        rows, "recall", lambda runs: np.mean([run["metrics"]["recall"] for run in runs], axis=0)
    )
    assert drawn is not None
    figure, axis = drawn
    axis.set_ylim(top=1.02)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_confusion(rows: Rows) -> Figure:
    """Draw the confusion matrices over all seeds, each row normalized to 1."""
    groups = by_recipe(rows)
    figure, axes = new_grid(len(groups), 2.8)
    for axis, (name, runs) in zip(axes, groups.items(), strict=True):
        confusion = np.sum([run["metrics"]["confusion"] for run in runs], axis=0)
        shares = confusion / confusion.sum(1, keepdims=True)
        # the square root makes rare confusions visible next to the diagonal
        axis.imshow(shares, norm=PowerNorm(0.5, 0, 1), cmap="Blues")
        axis.set(title=name, xlabel="predicted", ylabel="true")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def plot_false_positives(rows: Rows) -> Figure:
    """Draw false positives summed from the most to the least frequent class, mean over seeds."""
    figure, axis = new_figure(8, 3.4)
    order = np.argsort(-np.array(rows[0]["data"]["counts"]), kind="stable")
    for name, runs in by_recipe(rows).items():
        confusion = np.mean([run["metrics"]["confusion"] for run in runs], axis=0)
        wrong = confusion.sum(0) - np.diag(confusion)
        axis.plot(wrong[order].cumsum(), marker=".", label=name)
    name_classes(axis, [rows[0]["data"]["classes"][k] for k in order], "from the most frequent")
    axis.set_ylabel("false positives so far")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_curves(rows: Rows) -> Figure:
    """Draw training loss and held-out balanced accuracy over the epochs, mean over seeds."""
    figure = _figure(9, 3.4)
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


def tsne(features: NDArray[Any]) -> NDArray[Any]:
    """Return the t-SNE points of embeddings, shape (n, 2)."""
    perplexity = min(30.0, max(1.0, (len(features) - 1) / 3))
    made = TSNE(perplexity=perplexity, init="random", random_state=0)
    points: NDArray[Any] = made.fit_transform(features)
    return points


def plot_tsne(embeddings: Arrays, classes: Sequence[str]) -> Figure:
    """Draw the t-SNE of held-out embeddings, one picture per recipe, colored by true class."""
    figure, axes = new_grid(len(embeddings), 2.8)
    colors = mpl.colormaps["tab10" if len(classes) <= 10 else "nipy_spectral"]
    for axis, (name, arrays) in zip(axes, embeddings.items(), strict=True):
        features, labels = arrays["features"], arrays["labels"]
        points = tsne(features)
        shade = labels if len(classes) <= 10 else labels / (len(classes) - 1)
        axis.scatter(points[:, 0], points[:, 1], c=colors(shade), s=6)
        axis.set_title(name)
        axis.set_xticks([])
        axis.set_yticks([])
    if len(classes) <= 10:
        handles = [
            Line2D([], [], marker="o", linestyle="", color=colors(k), label=label)
            for k, label in enumerate(classes)
        ]
        figure.legend(handles=handles, loc="outside right upper", fontsize=8)
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
