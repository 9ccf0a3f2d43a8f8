"""The report's table of classes: whole in ``classes.csv``, of many classes the ends on the page."""

import csv
import io
from collections.abc import Sequence

from imbtorch.comparison.report.canvas import MANY, Rows, by_frequency, by_recipe, mean_over_seeds
from imbtorch.metrics.pairs import sparse
from imbtorch.metrics.undefined import with_none
from imbtorch.printable import in_csv

COLUMNS = ("class", "training samples", "held-out samples")
"""The first columns; then comes the recall of each recipe, in percent."""
MORE = {"precision": "precision, %", "auprc": "AUPRC, %"}
"""What of each class ``classes.csv`` holds beside the recall."""
ClassRow = tuple[str, int, int, list[float | None]]
"""Name, training samples, held-out samples, and the recall of each recipe, None if untested."""


def class_rows(rows: Rows) -> list[ClassRow]:
    """Return what is known of each class, from the most to the least frequent."""
    data, stored = rows[0]["data"], rows[0]["metrics"]["confusion"]
    held_out = sparse(stored, len(data["counts"])).sum(1).tolist()
    recalls = [mean_over_seeds(runs, "metrics", "recall") for runs in by_recipe(rows).values()]
    of_class = list(zip(*(with_none(100 * r) for r in recalls if r is not None), strict=True))
    return [
        (data["classes"][k], data["counts"][k], held_out[k], list(of_class[k]))
        for k in by_frequency(data["counts"]).tolist()
    ]


def classes_csv(found: Sequence[ClassRow], recipes: Sequence[str], rows: Rows = ()) -> str:
    """Return all classes as CSV; the cell of an undefined figure is empty.

    With the result rows, precision and AUPRC of each recipe follow its recalls.
    """
    measured = []
    for name, heading in MORE.items():
        for recipe, runs in by_recipe(rows).items():
            means = mean_over_seeds(runs, "metrics", name)
            if means is not None:
                measured.append((f"{recipe}: {heading}", with_none((100 * means).tolist())))
    order = by_frequency(rows[0]["data"]["counts"]).tolist() if rows else [0] * len(found)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    head = [f"{name}: recall, %" for name in recipes] + [heading for heading, _ in measured]
    writer.writerow([*COLUMNS, *map(in_csv, head)])
    for (name, train, test, recalls), k in zip(found, order, strict=True):
        values = [*recalls, *(of[k] for _, of in measured)]
        shown = ["" if value is None else f"{value:.2f}" for value in values]
        writer.writerow([in_csv(name), train, test, *shown])
    return file.getvalue()


def ends(found: Sequence[ClassRow]) -> list[ClassRow]:
    """Return all classes, or the most and the least frequent ones if there are many."""
    return [*found[: MANY // 2], *found[-MANY // 2 :]] if len(found) > MANY else list(found)
