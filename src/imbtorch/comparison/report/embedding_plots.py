"""The report's figures of embeddings and head: gap, weight norms, class boundaries, DOS."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.neighbors import KNeighborsClassifier

from imbtorch.comparison.report.plots import (
    Arrays,
    Rows,
    by_recipe,
    lines_by_class,
    new_figure,
    new_grid,
    tsne,
)
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Floats = NDArray[np.float64]


def _per_class(runs: Rows, measure: str) -> Floats | None:
    """Return the mean over seeds of a measure of each class; NaN where no seed has a value."""
    stored = [run["embedding"][measure] for run in runs if measure in run.get("embedding", {})]
    if not stored:
        return None
    values = np.array(stored, float)
    number = (~np.isnan(values)).sum(0)
    return np.where(number > 0, np.nansum(values, 0) / number.clip(min=1), np.nan)


def plot_gap(rows: Rows) -> Figure | None:
    """Draw the generalization gap of each class, one line per recipe, and class counts in black."""
    drawn = lines_by_class(rows, "generalization gap", lambda runs: _per_class(runs, "gap"))
    if drawn is None:
        return None
    figure, axis = drawn
    axis.set_ylim(bottom=0)
    counts = axis.twinx()
    counts.plot(rows[0]["data"]["counts"], color="black", linewidth=1.5, label="samples")
    counts.set_ylabel("training samples")
    counts.set_yscale("log")
    handles = [*axis.get_lines(), *counts.get_lines()]
    figure.legend(handles=handles, loc="outside right upper")
    return figure


def plot_true_false(rows: Rows) -> Figure | None:
    """Draw the mean generalization gap of true and false positives, two bars per recipe."""
    figure, axis = new_figure(8, 3.4)
    names, pairs = [], []
    for name, runs in by_recipe(rows).items():
        gaps = [_per_class(runs, measure) for measure in ("gap_true", "gap_false")]
        known = [gap[~np.isnan(gap)] for gap in gaps if gap is not None]
        if len(known) == 2:
            names.append(name)
            pairs.append([gap.mean() if len(gap) else 0.0 for gap in known])
    if not names:
        return None
    places = np.arange(len(names))
    true, false = np.transpose(pairs)
    axis.bar(places - 0.2, true, 0.4, label="true positives")
    axis.bar(places + 0.2, false, 0.4, label="false positives")
    axis.set_xticks(places, names)
    axis.set_ylabel("generalization gap")
    axis.grid(axis="y", alpha=0.3)
    axis.legend()
    return figure


def plot_norms(rows: Rows) -> Figure | None:
    """Draw the norm of each class's weight vector, one line per recipe."""
    drawn = lines_by_class(rows, "weight norm", lambda runs: _per_class(runs, "norm"))
    if drawn is None:
        return None
    figure, axis = drawn
    axis.set_ylim(bottom=0)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_class_variance(rows: Rows) -> Figure | None:
    """Draw the mean squared distance from the class mean over the rounds of DOS.

    Solid lines are the embeddings, dashed lines their targets.
    """
    figure, axis = new_figure(8, 3.4)
    for name, runs in by_recipe(rows).items():
        color = None
        for measure, style in (("class_variance", "-"), ("target_variance", "--")):
            measured = [
                {row["epoch"]: row[measure] for row in run["history"] if measure in row}
                for run in runs
            ]
            if measured[0]:
                mean = np.mean([list(one.values()) for one in measured], axis=0)
                label = name + (", targets" if color else "")
                (line,) = axis.step(
                    list(measured[0]), mean, style, where="post", label=label, color=color
                )
                color = line.get_color()
    if not axis.lines:
        return None
    axis.set(xlabel="epoch", ylabel="class variance at the start of the round")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def most_mistaken(labels: NDArray[Any], predicted: NDArray[Any], number: int) -> tuple[int, int]:
    """Return the two classes that are confused most often, the lower one first."""
    mistaken = np.zeros((number, number), int)
    np.add.at(mistaken, (labels, predicted), 1)
    both = np.triu(mistaken + mistaken.T, 1)
    first, second = np.unravel_index(both.argmax(), both.shape)
    return int(first), int(second) if second > first else 1


def plot_boundary(embeddings: Arrays, data: Mapping[str, Any]) -> Figure | None:
    """Draw held-out samples of two classes by t-SNE, and the boundary between the two.

    The plane is colored by the predictions of the nearest samples.
    """
    arrays = {name: a for name, a in embeddings.items() if "predicted" in a}
    if not arrays:
        return None
    classes: Sequence[str] = data["classes"]
    start = next(iter(arrays.values()))
    pair = most_mistaken(start["labels"], start["predicted"], len(classes))
    two = ListedColormap(["tab:blue", "tab:orange"])
    figure, axes = new_grid(len(arrays), 2.8)
    for axis, (name, one) in zip(axes, arrays.items(), strict=True):
        chosen = np.isin(one["labels"], pair)
        features, labels, predicted = (one[k][chosen] for k in ("features", "labels", "predicted"))
        points, among = tsne(features), np.isin(predicted, pair)
        shades = {"plot_method": "pcolormesh", "cmap": two, "vmin": 0, "vmax": 1, "alpha": 0.2}
        taken = (predicted[among] == pair[1]).astype(int)
        if taken.any() and not taken.all():
            near = KNeighborsClassifier(min(5, int(among.sum()))).fit(points[among], taken)
            DecisionBoundaryDisplay.from_estimator(
                near, points, response_method="predict", ax=axis, **shades
            )
        elif len(taken):  # only one of the two is predicted
            axis.set_facecolor((*two(taken[0])[:3], shades["alpha"]))
        wrong = predicted != labels
        axis.scatter(points[:, 0], points[:, 1], 14, labels == pair[1], cmap=two, vmin=0, vmax=1)
        axis.scatter(points[wrong, 0], points[wrong, 1], 22, "none", edgecolors="red")
        axis.set_title(name)
        axis.set_xticks([])
        axis.set_yticks([])
    handles = [
        Line2D([], [], marker="o", linestyle="", color=two(i), label=classes[k])
        for i, k in enumerate(pair)
    ]
    figure.legend(handles=handles, loc="outside right upper", fontsize=8)
    return figure
