"""Write the report: one self-contained HTML file, and its figures as separate files."""

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from imbtorch.comparison.report import (
    confusion_plots,
    embedding_plots,
    plots,
    translation_plots,
    tsne_plots,
)
from imbtorch.comparison.report.canvas import Arrays, Rows, drawable, drawable_recipes
from imbtorch.comparison.report.captions import CAPTIONS, caption
from imbtorch.comparison.report.classes import COLUMNS, class_rows, classes_csv, ends
from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.summary import (
    CALIBRATION,
    Summary,
    best_recipe,
    embedding_line,
    format_value,
    shown_columns,
    summarize,
    untested_line,
)
from imbtorch.data.profiles.class_groups import SHOTS
from imbtorch.data.profiles.profile import Profile
from imbtorch.extras import extra
from imbtorch.files import write_atomically
from imbtorch.printable import printable

with extra("cli"):
    import jinja2
    from matplotlib.figure import Figure


def write_report(
    folder: Path,
    rows: Rows,
    embeddings: Arrays,
    examples: Arrays,
    *,
    shots: tuple[int, int] = SHOTS,
    failures: Sequence[Failure] = (),
) -> Path:
    """Write ``report.html``, ``classes.csv`` and ``figures/*.png`` into a folder.

    Parameters
    ----------
    folder : Path
        Where to write; existing files are replaced atomically, one by one.
    rows : sequence of mapping
        Result rows as stored; at least one, all of the same task.
    embeddings : mapping
        Recipe -> ``features`` (n, D) and ``labels`` (n,) of held-out samples.
    examples : mapping
        Recipe -> ``seed``, ``moved``, ``k0`` and ``k`` of some translations; may be empty.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.
    failures : sequence of (str, int, str)
        Recipe name, seed and reason of each run that failed.

    Returns
    -------
    Path
        Path of ``report.html``, which needs no other file and no network connection.
    """
    summaries = summarize(rows, shots=shots)
    figures = _figures(rows, summaries, embeddings, examples)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    images = []
    for name, figure in figures.items():
        if figure is None:
            continue
        buffer = io.BytesIO()
        with warnings.catch_warnings():  # names in a script without a font here are boxes
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            figure.savefig(buffer, format="png", dpi=130)
        write_atomically(folder / "figures" / f"{name}.png", buffer.getvalue())
        encoded = base64.b64encode(buffer.getvalue()).decode()
        said = caption(name, len(rows[0]["data"]["classes"]), bool(summaries[0].untested))
        images.append({"title": CAPTIONS[name][0], "caption": said, "data": encoded})
    columns, classes = shown_columns(summaries), class_rows(rows)
    recipes = [summary.recipe for summary in summaries]
    write_atomically(folder / "classes.csv", classes_csv(classes, recipes, rows).encode())
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imbtorch.comparison", "report"),
        autoescape=True,
        finalize=printable,
    )
    html = environment.get_template("report.html.j2").render(
        row=rows[0],
        profile=Profile.from_json(rows[0]["data"]["profile"]),
        shots=shots,
        seeds=sorted({row["seed"] for row in rows}),
        columns=columns,
        calibration=CALIBRATION,
        best={name: best_recipe(summaries, name) for name in columns},
        summaries=summaries,
        format_value=format_value,
        images=images,
        embedding=embedding_line(rows),
        untested=untested_line(summaries[0].untested),
        class_columns=COLUMNS,
        classes=ends(classes),
        all_failed=all_failed(failures, [summary.recipe for summary in summaries]),
        failure_lines=failure_lines(failures),
    )
    path = folder / "report.html"
    write_atomically(path, html.encode())
    return path


def _figures(
    stored: Rows, summaries: list[Summary], embeddings: Arrays, examples: Arrays
) -> dict[str, Figure | None]:
    """Draw all figures; a figure is None if there is nothing to draw."""
    shown = drawable_recipes([one.recipe for one in summaries])
    rows = [_drawable(row, shown) for row in stored]
    data = rows[0]["data"]
    embeddings = {shown.get(name, name): arrays for name, arrays in embeddings.items()}
    summaries = [replace(one, recipe=shown[one.recipe]) for one in summaries]
    return {
        "class_counts": plots.plot_class_counts(rows),
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
        "examples": translation_plots.plot_examples(examples, data["classes"]),
    }


def _drawable(row: Mapping[str, Any], recipes: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the row with names as matplotlib shows them."""
    classes = [drawable(name) for name in row["data"]["classes"]]
    recipe = {**row["recipe"], "name": recipes[row["recipe"]["name"]]}
    return {**row, "recipe": recipe, "data": {**row["data"], "classes": classes}}
