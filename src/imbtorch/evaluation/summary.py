"""Runs over several seeds -> one line a recipe, and whether a lead is more than noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

COLUMNS = {
    "balanced_accuracy": "balanced accuracy",
    "gmean_recall": "G-mean recalls",
    "gmean_macro": "G-mean macro",
    "f1_macro": "macro F1",
    "majority_recall": "majority recall",
    "minority_recall": "minority recall",
    "worst_recall": "worst class recall",
}
"""Metrics of the table, and how they are headed."""
CALIBRATION = {"ece": "ECE", "ece_corrected": "ECE, prior corrected"}
"""Those of the report's second table; NaN in results from before they were measured."""


@dataclass(frozen=True)
class Lead:
    """Lead of a recipe over the baseline, paired over seeds.

    Attributes
    ----------
    mean : float
        Mean difference.
    noise : float
        Half width of its 95 % confidence interval (Student's t over the seeds); infinite for
        fewer than two seeds.
    """

    mean: float
    noise: float

    @property
    def is_real(self) -> bool:
        """Whether the lead, to either side, is larger than its noise."""
        return abs(self.mean) > self.noise

    @property
    def verdict(self) -> str:
        """One of better, worse, within noise, and noise unknown (one seed)."""
        if not np.isfinite(self.noise):
            return "noise unknown"
        if not self.is_real:
            return "within noise"
        return "better" if self.mean > 0 else "worse"

    def __str__(self) -> str:
        noise = f"±{100 * self.noise:.1f}" if np.isfinite(self.noise) else ""
        return f"{100 * self.mean:+.1f}{noise}"


@dataclass(frozen=True)
class Summary:
    """One recipe over its seeds.

    Attributes
    ----------
    recipe : str
        Name.
    mean, std : mapping of str to float
        Of each metric in `COLUMNS` and `CALIBRATION` and of ``seconds``; the sample standard
        deviation (NaN for one seed).
    lead : Lead or None
        Balanced accuracy against the baseline; None for the baseline itself.
    seeds : int
        Number of runs.
    """

    recipe: str
    mean: Mapping[str, float]
    std: Mapping[str, float]
    lead: Lead | None
    seeds: int


def paired_lead(values: Sequence[float], baseline: Sequence[float]) -> Lead:
    """Compare two recipes run with the same seeds.

    Parameters
    ----------
    values, baseline : sequence of float
        A metric for each seed, in the same order.

    Returns
    -------
    Lead

    Examples
    --------
    >>> print(paired_lead([0.80, 0.82, 0.81], [0.70, 0.73, 0.70]))
    +10.0±2.5
    """
    difference = np.asarray(values) - np.asarray(baseline)
    n = len(difference)
    if n < 2:
        return Lead(float(difference.mean()), float("inf"))
    width = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return Lead(float(difference.mean()), float(width))


def summarize(rows: Sequence[Mapping[str, Any]], baseline: str = "erm") -> list[Summary]:
    """Summarise result rows by recipe, in the order in which recipes first appear.

    Parameters
    ----------
    rows : sequence of mapping
        Results as stored: ``recipe`` (with ``name``), ``training_seed``, ``metrics``,
        ``seconds``.
    baseline : str, default="erm"
        Recipe the leads are taken over; without its runs there are none.

    Returns
    -------
    list of Summary
    """
    runs: dict[str, dict[int, dict[str, float]]] = {}
    for row in rows:
        values = {name: row["metrics"][name] for name in COLUMNS} | {"seconds": row["seconds"]}
        values |= {name: row["metrics"].get(name, float("nan")) for name in CALIBRATION}
        runs.setdefault(row["recipe"]["name"], {})[row["training_seed"]] = values
    base = runs.get(baseline, {})
    out = []
    for recipe, by_seed in runs.items():
        names = (*COLUMNS, *CALIBRATION, "seconds")
        table = {name: [v[name] for v in by_seed.values()] for name in names}
        shared = [seed for seed in by_seed if seed in base]
        lead = None
        if recipe != baseline and shared:
            lead = paired_lead(
                [by_seed[s]["balanced_accuracy"] for s in shared],
                [base[s]["balanced_accuracy"] for s in shared],
            )
        mean = {name: float(np.mean(v)) for name, v in table.items()}
        std = {
            name: float(np.std(v, ddof=1)) if len(v) > 1 else float("nan")
            for name, v in table.items()
        }
        out.append(Summary(recipe, mean, std, lead, len(by_seed)))
    return out


def best_recipe(summaries: Sequence[Summary], metric: str) -> str:
    """Return the recipe with the highest mean of a metric (the lowest for ``seconds``)."""
    sign = -1 if metric == "seconds" else 1
    return max(summaries, key=lambda s: sign * s.mean[metric]).recipe


def format_value(summary: Summary, metric: str) -> str:
    """Return mean ± std as text: per cent, or seconds with one digit."""
    scale = 1 if metric == "seconds" else 100
    mean, std = scale * summary.mean[metric], scale * summary.std[metric]
    return f"{mean:.1f}" if np.isnan(std) else f"{mean:.1f}±{std:.1f}"
