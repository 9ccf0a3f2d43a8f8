"""The report's file of classes, ``classes.csv``."""

import csv
import io

from imbtorch.comparison.report.canvas import (
    Rows,
    by_frequency,
    by_recipe,
    held_out,
    mean_over_seeds,
)
from imbtorch.metrics.undefined import with_none
from imbtorch.printable import in_csv

MEASURES = {"recall": "recall", "precision": "precision", "auprc": "AUPRC"}
"""Measures of each class -> headings."""


def classes_csv(rows: Rows) -> str:
    """Return what is known of each class as CSV, from the most to the least frequent.

    The first columns are name, training samples and held-out samples; then come the measures of
    each recipe in percent, mean over seeds. The cell of an undefined one is empty.
    """
    data, groups = rows[0]["data"], by_recipe(rows)
    tested = held_out(rows)
    headings, columns = ["class", "training samples", "held-out samples"], []
    for measure, heading in MEASURES.items():
        for name, runs in groups.items():
            values = mean_over_seeds(runs, "metrics", measure)
            if values is not None:
                headings.append(f"{in_csv(name)}: {heading}, %")
                columns.append(with_none(100 * values))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(headings)
    for k in by_frequency(data["counts"]).tolist():
        shown = ["" if (value := of[k]) is None else f"{value:.2f}" for of in columns]
        writer.writerow([in_csv(data["classes"][k]), data["counts"][k], tested[k], *shown])
    return file.getvalue()
