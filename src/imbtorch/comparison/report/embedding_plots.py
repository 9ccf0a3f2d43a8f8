"""The report's figures of embeddings and head: gap, weight norms, class variance of DOS."""

import numpy as np

from imbtorch.comparison.report.canvas import (
    Rows,
    by_recipe,
    draw_by_class,
    legend_above,
    mean_over_seeds,
    new_figure,
    over_classes,
)
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def plot_gap(rows: Rows) -> Figure | None:
    """Draw the generalization gap of each class, one color per recipe, before class counts."""
    figure, axis = new_figure()
    handles = draw_by_class(axis, rows, "embedding", "gap")
    if not handles:
        return None
    axis.set_ylabel("generalization gap")
    axis.set_ylim(bottom=0)
    counts, samples = axis.twinx(), rows[0]["data"]["counts"]
    counts.bar(*over_classes(samples, samples), color="tab:grey", alpha=0.3, width=0.8)
    counts.set(ylabel="training samples", yscale="log")
    axis.set_zorder(counts.get_zorder() + 1)
    axis.patch.set_visible(False)
    legend_above(figure, handles)
    return figure


def plot_true_false(rows: Rows) -> Figure | None:
    """Draw the mean generalization gap of true and false positives, two bars per recipe.

    One that is undefined, as without false positives, has no bar.
    """
    figure, axis = new_figure()
    names, pairs = [], []
    for recipe, runs in by_recipe(rows).items():
        gaps = [
            mean_over_seeds(runs, "embedding", measure) for measure in ("gap_true", "gap_false")
        ]
        known = [gap[~np.isnan(gap)] for gap in gaps if gap is not None]
        if len(known) == 2:
            names.append(recipe)
            pairs.append([gap.mean() if len(gap) else np.nan for gap in known])
    if not names:
        return None
    places = np.arange(len(names))
    true, false = np.transpose(pairs)
    axis.bar(places - 0.2, true, 0.4, label="true positives")
    axis.bar(places + 0.2, false, 0.4, label="false positives")
    axis.set_xticks(places, names, rotation=20 if len(names) > 5 else 0)
    axis.set_ylabel("generalization gap")
    axis.grid(axis="y", alpha=0.3)
    legend_above(figure, axis.containers)
    return figure


def plot_norms(rows: Rows) -> Figure | None:
    """Draw the norm of each class's weight vector, one color per recipe."""
    figure, axis = new_figure()
    handles = draw_by_class(axis, rows, "embedding", "norm")
    if not handles:
        return None
    axis.set_ylabel("weight norm")
    axis.set_ylim(bottom=0)
    legend_above(figure, handles)
    return figure


def plot_class_variance(rows: Rows) -> Figure | None:
    """Draw the mean squared distance from the class mean over the rounds of DOS.

    Solid lines are the embeddings, dashed lines their targets.
    """
    figure, axis = new_figure()
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
    legend_above(figure, axis.get_lines())
    return figure
