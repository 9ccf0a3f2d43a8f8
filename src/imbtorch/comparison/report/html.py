"""Write the report: one self-contained HTML file, and its figures as separate files."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from imbtorch.comparison.report import embedding_plots, plots, translation_plots
from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.summary import (
    CALIBRATION,
    Summary,
    best_recipe,
    format_value,
    shown_columns,
    summarize,
)
from imbtorch.data.class_groups import SHOTS
from imbtorch.data.profile import Profile
from imbtorch.files import write_atomically

CAPTIONS = {
    "class_counts": ("Class counts", "Samples of each class in the training set."),
    "recall": (
        "Recall of each class",
        "Share of each class's held-out samples that is recognized, mean over seeds.",
    ),
    "cost": (
        "Cost against gain",
        "Balanced accuracy (± standard deviation over seeds) against training time.",
    ),
    "curves": (
        "Training curves",
        "Mean over seeds. The held-out curve decided nothing: results are from the last epoch.",
    ),
    "confusion": (
        "Confusion matrices",
        "All seeds together; each row shows the predictions for the samples of one "
        "true class (color: square root of the share).",
    ),
    "false_positives": (
        "Cumulative false positives",
        "Held-out samples wrongly assigned to a class, summed from the most to the least frequent "
        "class; mean over seeds. The last point is the number of errors.",
    ),
    "tsne": (
        "Embeddings",
        "t-SNE of up to 50 held-out samples per class, first seed, colored by true class.",
    ),
    "boundary": (
        "Boundary between two classes",
        "The pair of classes that the first recipe confuses most often, by t-SNE: held-out "
        "samples of the first seed (outlined in red where the network is wrong), and which of the "
        "two the network predicts for nearby samples.",
    ),
    "gap": (
        "Generalization gap",
        "How far the held-out embeddings of a class lie outside the range of its training "
        "embeddings (including synthetic ones, if the head was trained on them); black: training "
        "samples.",
    ),
    "true_false": (
        "Generalization gap of true and false positives",
        "Mean over the classes: held-out samples rightly and wrongly assigned to a class, compared "
        "with the training embeddings of that class.",
    ),
    "norms": (
        "Class weight norms",
        "Length of each class's weight vector in the head, mean over seeds.",
    ),
    "class_variance": (
        "Class variance",
        "Deep over-sampling: mean squared distance of the training embeddings (solid) and of "
        "their targets (dashed) from the mean of their class at the start of each round, over "
        "the samples that have neighbors.",
    ),
    "translations": (
        "Translations",
        "M2m: the share of translations kept, and the probability that the pretrained network g "
        "and the trained network f give to the target class (first seed).",
    ),
    "examples": (
        "Seeds and translations",
        "Majority samples, what they became, and the difference amplified tenfold (first seed).",
    ),
}


def write_report(
    folder: Path,
    rows: plots.Rows,
    embeddings: plots.Arrays,
    examples: plots.Arrays,
    *,
    shots: tuple[int, int] = SHOTS,
    failures: Sequence[Failure] = (),
) -> Path:
    """Write ``report.html`` and ``figures/*.png`` into a folder.

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
    figures = _figures([_drawable(row) for row in rows], summaries, embeddings, examples)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    images = []
    for name, figure in figures.items():
        if figure is None:
            continue
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130)
        write_atomically(folder / "figures" / f"{name}.png", buffer.getvalue())
        title, caption = CAPTIONS[name]
        encoded = base64.b64encode(buffer.getvalue()).decode()
        images.append({"title": title, "caption": caption, "data": encoded})
    columns = shown_columns(summaries)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imbtorch.comparison", "report"), autoescape=True
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
        all_failed=all_failed(failures, [summary.recipe for summary in summaries]),
        failure_lines=failure_lines(failures),
    )
    path = folder / "report.html"
    write_atomically(path, html.encode())
    return path


def _figures(
    rows: plots.Rows, summaries: list[Summary], embeddings: plots.Arrays, examples: plots.Arrays
) -> dict[str, Figure | None]:
    """Draw all figures; a figure is None if there is nothing to draw."""
    classes = rows[0]["data"]["classes"]
    return {
        "class_counts": plots.plot_class_counts(rows),
        "recall": plots.plot_recall(rows),
        "cost": plots.plot_cost(summaries),
        "curves": plots.plot_curves(rows),
        "confusion": plots.plot_confusion(rows),
        "false_positives": plots.plot_false_positives(rows),
        "tsne": plots.plot_tsne(embeddings, classes),
        "boundary": embedding_plots.plot_boundary(embeddings, rows[0]["data"]),
        "gap": embedding_plots.plot_gap(rows),
        "true_false": embedding_plots.plot_true_false(rows),
        "norms": embedding_plots.plot_norms(rows),
        "class_variance": embedding_plots.plot_class_variance(rows),
        "translations": translation_plots.plot_translations(rows),
        "examples": translation_plots.plot_examples(examples, classes),
    }


def _drawable(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row with class names that matplotlib does not read as formulas."""
    classes = [name.replace("$", r"\$") for name in row["data"]["classes"]]
    return {**row, "data": {**row["data"], "classes": classes}}
