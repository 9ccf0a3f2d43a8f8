"""The report's table of results: which recipes and columns, in which order, and the drawn leads."""

from collections.abc import Sequence

import numpy as np

from imbtorch.comparison.report.summary import CALIBRATION, Summary, shown_columns

SHORT = (
    *("balanced_accuracy", "worst_recall", "few_recall", "minority_auprc", "f1_macro"),
    *("decided", "seconds"),
)
"""Columns that are shown at first."""
FIRST = 10
"""Number of recipes that the table shows at first, beside the baseline."""


def table_columns(summaries: Sequence[Summary]) -> tuple[dict[str, str], dict[str, str]]:
    """Return all columns for which any recipe has a value, and those shown at first.

    The first of both is what the recipes are compared by.
    """
    columns, short = shown_columns(summaries), dict.fromkeys([summaries[0].measure.column, *SHORT])
    for name, heading in CALIBRATION.items():
        if any(not np.isnan(s.mean[name]) for s in summaries):
            columns[name] = heading
    return columns, {name: columns[name] for name in short if name in columns}


def ranked(summaries: Sequence[Summary]) -> list[Summary]:
    """Return the recipes from the best to the worst in what they are compared by."""
    return sorted(summaries, key=lambda s: -s.value)


def leading(summaries: Sequence[Summary], best: Summary) -> list[Summary]:
    """Return the recipes that the table shows at first: the best ones, and those without a lead."""
    order = ranked(summaries)
    return [s for s in order if s in order[:FIRST] or s is best or s.lead is None]


def lead_spans(
    summaries: Sequence[Summary],
) -> tuple[dict[str, tuple[float, float, float]], float]:
    """Return where the leads are drawn, in percent of a cell's width.

    Returns
    -------
    dict
        Recipe -> start and width of its interval, and place of its mean; empty without leads.
    float
        Place of zero.
    """
    leads = {s.recipe: s.lead for s in summaries if s.lead}
    noise = {name: lead.noise if np.isfinite(lead.noise) else 0.0 for name, lead in leads.items()}
    ends = [0.0, *(lead.mean + side * noise[n] for n, lead in leads.items() for side in (-1, 1))]
    low, high = min(ends), max(ends)
    scale = 94 / (high - low or 1)

    def place(value: float) -> float:
        return round(3 + scale * (value - low), 1)

    spans = {
        name: (
            place(lead.mean - noise[name]),
            round(2 * noise[name] * scale, 1),
            place(lead.mean),
        )
        for name, lead in leads.items()
    }
    return spans, place(0.0)
