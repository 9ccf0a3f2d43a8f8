"""The report: one HTML file with everything in it, and its figures as files beside it."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from imbtorch.comparison.report import embedding_plots, plots, translation_plots
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
        "Share of each class's held-out samples that is found, mean over seeds.",
    ),
    "cost": (
        "Cost against gain",
        "Balanced accuracy (± standard deviation over seeds) against training time.",
    ),
    "curves": (
        "Training curves",
        "Mean over seeds. Nothing was chosen by the held-out curve: the last epoch counts.",
    ),
    "confusion": (
        "Confusion matrices",
        "All seeds together; each row shows where the samples of one "
        "true class went (colour: square root of the share).",
    ),
    "false_positives": (
        "Cumulative false positives",
        "Held-out samples wrongly given a class, added up from the most to the least frequent "
        "class; mean over seeds. The last point is the number of errors.",
    ),
    "tsne": (
        "Embeddings",
        "t-SNE of up to 50 held-out samples a class, first seed, coloured by true class.",
    ),
    "boundary": (
        "Boundary between two classes",
        "The pair of which most is mistaken by the first recipe, by t-SNE: held-out samples of "
        "the first seed (outline red where the network is wrong), and where nearby ones are "
        "taken for which of the two.",
    ),
    "gap": (
        "Generalization gap",
        "How far the held-out embeddings of a class leave the range of its training embeddings "
        "(with synthetic ones, where the head was trained on such); black: training samples.",
    ),
    "true_false": (
        "Generalization gap of true and false positives",
        "Mean over the classes: held-out samples rightly and wrongly given a class, against the "
        "class's training embeddings.",
    ),
    "norms": (
        "Class weight norms",
        "Length of each class's weight vector in the head, mean over seeds.",
    ),
    "class_variance": (
        "Class variance",
        "Deep over-sampling: mean squared distance of the training embeddings (solid) and of "
        "their targets (dashed) from the mean of their class at the beginning of each round, over "
        "the samples that have neighbours.",
    ),
    "translations": (
        "Translations",
        "M2m: how many translations were kept, and how sure the pretrained network g and the "
        "trained network f are of the target class there (first seed).",
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
) -> Path:
    """Write ``report.html`` and ``figures/*.png`` into a folder.

    Parameters
    ----------
    folder : Path
        Where to; existing files are replaced, each at once.
    rows : sequence of mapping
        Result rows as stored, at least one, all of one task.
    embeddings : mapping
        Recipe -> ``features`` (n, D) and ``labels`` (n,) of held-out samples.
    examples : mapping
        Recipe -> ``seed``, ``moved``, ``k0`` and ``k`` of some translations; may be empty.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.

    Returns
    -------
    Path
        Of ``report.html``, which needs no other file and no network.
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
    )
    path = folder / "report.html"
    write_atomically(path, html.encode())
    return path


def _figures(
    rows: plots.Rows, summaries: list[Summary], embeddings: plots.Arrays, examples: plots.Arrays
) -> dict[str, Figure | None]:
    """Draw every figure for which there is something to draw."""
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
    """Return a row whose class names matplotlib does not take for formulas."""
    classes = [name.replace("$", r"\$") for name in row["data"]["classes"]]
    return {**row, "data": {**row["data"], "classes": classes}}
