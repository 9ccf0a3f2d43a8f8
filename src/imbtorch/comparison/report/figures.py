"""All figures of the report: drawn, written as files, and as images of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from imbtorch.comparison.report import (
    confusion_plots,
    embedding_plots,
    made_plots,
    plots,
    translation_plots,
    tsne_plots,
)
from imbtorch.comparison.report.canvas import (
    Arrays,
    Rows,
    by_recipe,
    drawable,
    drawable_recipes,
)
from imbtorch.comparison.report.captions import CAPTIONS, caption
from imbtorch.comparison.report.images import save_figure
from imbtorch.comparison.report.summary import Summary
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def write_figures(
    folder: Path, rows: Rows, summaries: Sequence[Summary], embeddings: Arrays, examples: Arrays
) -> list[dict[str, Any]]:
    """Write the figures as files; return them as the page shows them."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    images = []
    for name, figure in _figures(rows, summaries, embeddings, examples).items():
        if figure is None:
            continue
        data = save_figure(figure, folder / "figures" / f"{name}.png")
        said = caption(name, len(rows[0]["data"]["classes"]), bool(summaries[0].untested))
        shown = {"title": CAPTIONS[name][0], "caption": said, "data": data}
        images.append({**shown, "photos": name in ("examples", "made")})
    return images


def _figures(
    stored: Rows, summaries: Sequence[Summary], embeddings: Arrays, examples: Arrays
) -> dict[str, Figure | None]:
    """Draw all figures; a figure is None if there is nothing to draw."""
    shown = drawable_recipes(list(by_recipe(stored)))
    rows = [_drawable(row, shown) for row in stored]
    data = rows[0]["data"]
    embeddings = {shown.get(name, name): arrays for name, arrays in embeddings.items()}
    summaries = [replace(s, recipe=shown[s.recipe]) for s in summaries if s.recipe in shown]
    return {
        "recall": plots.plot_recall(rows),
        "cost": plots.plot_cost(summaries),
        "curves": plots.plot_curves(rows),
        "confusion": confusion_plots.plot_confusion(rows),
        "false_positives": confusion_plots.plot_false_positives(rows),
        "tsne": tsne_plots.plot_tsne(embeddings, rows),
        "boundary": tsne_plots.plot_boundary(embeddings, data),
        "gap": embedding_plots.plot_gap(rows),
        "true_false": embedding_plots.plot_true_false(rows),
        "norms": embedding_plots.plot_norms(rows),
        "class_variance": embedding_plots.plot_class_variance(rows),
        "translations": translation_plots.plot_translations(rows),
        "made": made_plots.plot_made(
            {shown.get(name, name): arrays for name, arrays in examples.items()}, data["classes"]
        ),
        "examples": translation_plots.plot_examples(examples, data["classes"]),
    }


def _drawable(row: Mapping[str, Any], recipes: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the row with names as matplotlib shows them."""
    classes = [drawable(name) for name in row["data"]["classes"]]
    recipe = {**row["recipe"], "name": recipes[row["recipe"]["name"]]}
    return {**row, "recipe": recipe, "data": {**row["data"], "classes": classes}}
