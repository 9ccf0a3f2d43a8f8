"""Summarize runs over seeds: one line per recipe, and whether its lead is more than noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np

from imbtorch.comparison.verdict.judge import Verdicts, judge
from imbtorch.comparison.verdict.lead import Lead
from imbtorch.comparison.verdict.measure import BALANCED, Measure
from imbtorch.data.profiles.class_groups import SHOTS, minority_classes
from imbtorch.metrics.classification import shot_recalls
from imbtorch.metrics.undefined import mean_defined, untested

COLUMNS = {
    "balanced_accuracy": "balanced accuracy",
    "gmean_recall": "G-mean recalls",
    "gmean_macro": "G-mean macro",
    "f1_macro": "macro F1",
    "majority_recall": "majority recall",
    "minority_recall": "minority recall",
    "many_recall": "many shot recall",
    "medium_recall": "medium shot recall",
    "few_recall": "few shot recall",
    "worst_recall": "worst class recall",
    "minority_precision": "minority precision",
    "minority_auprc": "minority AUPRC",
}
"""Metrics of the table -> headings; a metric is NaN if there is no such class."""
DECIDED = ("decided", "undecided")
"""What a decision was chosen for, on the test set: under the decision, and without it."""

CALIBRATION = {"ece": "ECE", "ece_corrected": "ECE, prior corrected"}
"""Metrics of the report's second table; NaN in results older than these metrics."""


@dataclass(frozen=True)
class Summary:
    """One recipe over its seeds.

    Attributes
    ----------
    recipe : str
        Name.
    mean, std : mapping of str to float
        Mean and sample standard deviation (NaN for one seed) of each metric in `COLUMNS`,
        `CALIBRATION` and `DECIDED`, and of ``seconds``, over the runs in which it is defined.
    lead : Lead or None
        Lead over the baseline in what they are compared by; None for the baseline itself.
    seeds : int
        Number of runs.
    untested : tuple of str
        Names of the classes without a held-out sample, which no average counts.
    measure : Measure
        What the recipes are compared by.
    num_classes : int
        K.
    fewer : mapping of str to int
        Metric -> number of runs in which it is defined, if these are some, but not all.
    """

    recipe: str
    mean: Mapping[str, float]
    std: Mapping[str, float]
    lead: Lead | None
    seeds: int
    untested: tuple[str, ...] = ()
    measure: Measure = BALANCED
    num_classes: int = 0
    fewer: Mapping[str, int] = field(default_factory=dict)

    def scale(self, metric: str) -> int:
        """Return what a metric is multiplied by to be shown: 100 for percent."""
        if metric in DECIDED:
            return self.measure.scale
        return 1 if metric == "seconds" else 100

    def digits(self, metric: str) -> int:
        """Return the decimals with which a metric is shown."""
        return self.measure.digits if metric in DECIDED else 1

    @property
    def value(self) -> float:
        """The mean of what the recipes are compared by: the larger the better, so less any cost."""
        return self.measure.gain(self.mean[self.measure.column], 0.0)


def summarize(
    rows: Sequence[Mapping[str, Any]],
    baseline: str = "erm",
    shots: tuple[int, int] = SHOTS,
    verdicts: Verdicts | None = None,
) -> list[Summary]:
    """Summarize result rows by recipe, in the order in which recipes first appear.

    Parameters
    ----------
    rows : sequence of mapping
        Results as stored: ``recipe`` (with ``name``), ``seed``, ``data``, ``metrics``, ``seconds``.
    baseline : str, default="erm"
        Recipe to compare with; the first one, if there are no runs of it.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.
    verdicts : Verdicts, optional
        What `judge` says of these rows; without, it is asked, for training seeds alone.

    Returns
    -------
    list of Summary
    """
    runs: dict[str, dict[int, dict[str, float]]] = {}
    absent: dict[str, None] = {}
    names = (*COLUMNS, *CALIBRATION, *DECIDED, "seconds")
    measure = Measure.of(rows)
    for row in rows:
        metrics = row["metrics"]
        measured = {
            **metrics,
            **shot_recalls(metrics["recall"], row["data"]["counts"], shots),
            **_of_minority(metrics, row["data"]["counts"]),
            **_decided(row.get("decision"), measure),
            "seconds": row["seconds"],
        }
        values = {name: nan if (v := measured.get(name)) is None else v for name in names}
        runs.setdefault(row["recipe"]["name"], {})[row["seed"]] = values
        if None in metrics["recall"]:
            absent.update(dict.fromkeys(untested(metrics, row["data"]["classes"])))
    leads = (verdicts or judge(rows, baseline)).leads
    out = []
    for recipe, by_seed in runs.items():
        every = {name: [v[name] for v in by_seed.values()] for name in names}
        table = {name: [v for v in of if not np.isnan(v)] for name, of in every.items()}
        mean = {name: float(np.mean(v)) if v else nan for name, v in table.items()}
        std = {name: float(np.std(v, ddof=1)) if len(v) > 1 else nan for name, v in table.items()}
        out.append(
            Summary(
                recipe,
                mean,
                std,
                leads.get(recipe),
                len(by_seed),
                tuple(absent),
                measure,
                len(rows[0]["metrics"]["recall"]),
                {name: len(v) for name, v in table.items() if 0 < len(v) < len(by_seed)},
            )
        )
    return out


def _of_minority(metrics: Mapping[str, Any], counts: Sequence[int]) -> dict[str, float | None]:
    """Return mean precision and AUPRC over the minority classes, where they are measured."""
    minority = minority_classes(counts)
    return {
        f"minority_{name}": mean_defined([v for v, rare in zip(of, minority, strict=True) if rare])
        for name in ("precision", "auprc")
        if (of := metrics.get(name)) is not None
    }


def _decided(decision: Mapping[str, Any] | None, measure: Measure) -> dict[str, float | None]:
    if decision is None or not measure.decided:
        return {}
    kinds = zip(DECIDED, ("metrics", "plain"), strict=True)
    return {name: decision[kind].get(measure.name) for name, kind in kinds}


def embedding_line(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence on the one pass of a frozen network; empty if there was none.

    Examples
    --------
    >>> embedding_line([{"seconds": 0.5, "embedding_seconds": 48.13}])
    'All samples were embedded once, in 48.1 s, for all runs; training seconds are of the heads.'
    """
    seconds = rows[0].get("embedding_seconds")
    if seconds is None:
        return ""
    return (
        f"All samples were embedded once, in {seconds:.1f} s, for all runs; training seconds are "
        "of the heads."
    )


def shown_columns(summaries: Sequence[Summary]) -> dict[str, str]:
    """Return the columns of a table, name -> heading: those for which any recipe has a value.

    The first is what the recipes are compared by.
    """
    measure = summaries[0].measure
    decided = {name: f"{measure.words} {name}" for name in DECIDED}
    columns = {**COLUMNS, **decided, "seconds": "training seconds"}
    columns = {measure.column: columns[measure.column], **columns}
    return {n: h for n, h in columns.items() if any(not np.isnan(s.mean[n]) for s in summaries)}


def best_recipe(summaries: Sequence[Summary], metric: str) -> str:
    """Return the recipe with the best mean of a metric; empty if others are as good, as shown.

    The best is the highest, but the lowest for ``seconds`` and for an expected cost.
    """
    measured = [s for s in summaries if not np.isnan(s.mean[metric])]
    if not measured:
        return ""
    sign = 1 if measured[0].scale(metric) == 100 else -1
    best = max(measured, key=lambda s: sign * s.mean[metric])
    shown = [format_value(s, metric).split("±")[0] for s in measured]
    tied = shown.count(format_value(best, metric).split("±")[0]) > 1
    return "" if tied else best.recipe


def format_value(summary: Summary, metric: str) -> str:
    """Return mean ± std as text: percent or seconds with one decimal, a cost as its `Measure` says.

    `best_recipe` goes by these digits.
    """
    scale = summary.scale(metric)
    digits = summary.digits(metric)
    mean, std = scale * summary.mean[metric], scale * summary.std[metric]
    if np.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if np.isnan(std) else f"±{std:.{digits}f}")
