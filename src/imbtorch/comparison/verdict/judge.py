"""Which recipes are better than the baseline, and what keeps the others from being told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot, inf, isfinite, isnan, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.comparison.verdict.dunnett import critical_value, pooled_variances
from imbtorch.comparison.verdict.lead import Lead
from imbtorch.comparison.verdict.measure import BALANCED, Measure
from imbtorch.comparison.verdict.sampling_noise import stored_variances
from imbtorch.comparison.verdict.words import lead_sentences, table_sentences
from imbtorch.data.hold_out import VALIDATION
from imbtorch.metrics.pairs import sparse

SEEDS = (*range(1, 20), *range(20, 101, 5))
"""Numbers of more seeds, or repetitions, of which the first is said that would settle a lead."""


@dataclass(frozen=True)
class Verdicts:
    """The verdict on a table.

    Attributes
    ----------
    baseline : str
        The recipe that the others are compared with.
    leads : mapping of str to Lead
        Recipe -> its lead, for all but the baseline.
    sentences : list of str
        What the whole table says, the most important first.
    measure : Measure
        What the recipes are compared by.
    """

    baseline: str
    leads: Mapping[str, Lead]
    sentences: list[str] = field(default_factory=list)
    measure: Measure = BALANCED


def judge(
    rows: Sequence[Mapping[str, Any]], baseline: str = "erm", folder: Path | None = None
) -> Verdicts:
    """Say which recipes are better than the baseline beyond noise.

    They are compared by balanced accuracy or, where each run chose a decision, by what it was
    chosen for, on the held-out samples: by expected cost, for example, the lower the better.

    Recipes x seeds is a block design: recipes are compared seed by seed, the variances of the
    differences are pooled over the recipes (`pooled_variances`), and all comparisons with the
    baseline hold together (`critical_value`). To the noise of the training seeds comes that of the
    test samples (`sampling_variance`), so that a lead beyond noise would be one with another test
    set, too: their squares add.

    With folds, the test sets differ and the training sets overlap: the variance of the mean over n
    runs is then that of a difference times 1/n + n_test/n_train (Nadeau and Bengio), where n_train
    counts the samples that a profile and a validation split leave to train on.

    Parameters
    ----------
    rows : sequence of mapping
        Results as stored: ``recipe`` (with ``name``), ``seed``, ``metrics``; with folds also
        ``folds``, their number, and ``data``; and with decisions ``decision``.
    baseline : str, default="erm"
        Recipe to compare with; the first one, if there are no runs of it.
    folder : Path, optional
        Folder of the comparison, which holds each run's predictions. Without it, the verdict is on
        training seeds alone; where predictions are lost, there is none on a lead beyond that noise.

    Returns
    -------
    Verdicts

    References
    ----------
    Dunnett, J. Am. Stat. Assoc. 50, 1955; Nadeau and Bengio, Inference for the generalization
    error, Machine Learning 52, 2003.

    Examples
    --------
    >>> def row(recipe, seed, value):
    ...     metrics = {"balanced_accuracy": value}
    ...     return {"recipe": {"name": recipe}, "seed": seed, "metrics": metrics}
    >>> values = {"erm": [0.78, 0.79], "rs": [0.84, 0.86], "drw": [0.80, 0.80]}
    >>> rows = [row(name, s, v) for name, both in values.items() for s, v in enumerate(both)]
    >>> {name: (str(lead), lead.verdict) for name, lead in judge(rows).leads.items()}
    {'rs': ('+6.5±2.7', 'better'), 'drw': ('+1.5±2.7', 'within noise')}
    """
    runs: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        runs.setdefault(row["recipe"]["name"], {})[row["seed"]] = row
    if not runs:
        return Verdicts(baseline, {})
    base = baseline if baseline in runs else next(iter(runs))
    shared = {
        name: sorted(set(of) & set(runs[base]))
        for name, of in runs.items()
        if name != base and set(of) & set(runs[base])
    }
    folds, measure = rows[0].get("folds"), Measure.of(rows)
    overlap = float(np.mean([_overlap(row) for row in runs[base].values()])) if folds else 0.0
    differences = {
        name: np.array(
            [measure.gain(measure.value(runs[name][s]), measure.value(runs[base][s])) for s in of]
        )
        for name, of in shared.items()
    }
    tests = stored_variances(folder, base, shared, measure) if folder and not folds else {}
    # what no seed changes, such as neighbors on fixed features, varies with the test samples alone
    unknown = folder is not None and not folds and not tests
    same = {name for name, of in runs.items() if len({measure.value(r) for r in of.values()}) == 1}
    fixed = same if unknown and base in same else set()
    several = [name for name, of in differences.items() if len(of) > 1 and name not in fixed]
    variances, dfs, apart = pooled_variances(
        [float(differences[name].var(ddof=1)) for name in several],
        [len(differences[name]) - 1 for name in several],
    )
    pooled = dict(zip(several, zip(variances.tolist(), dfs.tolist(), strict=True), strict=True))
    leads = {
        name: _lead(
            of,
            *pooled.get(name, (inf, 1.0)),
            tests.get(name),
            len(shared),
            overlap,
            folds or 1,
        )
        for name, of in differences.items()
    }
    leads = {name: replace(lead, measure=measure) for name, lead in leads.items()}
    leads = {
        name: replace(lead, sentences=tuple(lead_sentences(name, lead, folds is not None)))
        for name, lead in leads.items()
    }
    odd = [name for name, far in zip(several, apart, strict=True) if far]
    return Verdicts(base, leads, table_sentences(runs, base, leads, odd, measure), measure)


def _overlap(row: Mapping[str, Any]) -> float:
    """Return n_test/n_train of a run; the counts of its row are before any validation split."""
    counts = row["data"]["counts"]
    trained = sum(counts) * (1 - VALIDATION * ("decision" in row))
    return float(sparse(row["metrics"]["confusion"], len(counts)).sum() / trained)


def _lead(
    differences: np.ndarray,
    variance: float,
    df: float,
    test_variance: float | None,
    comparisons: int,
    overlap: float,
    folds: int,
) -> Lead:
    """Return a lead with its noise; the variances are of one difference, and of the mean.

    That over test sets is None if it does not count, and NaN if it does, but is not known.
    """
    mean, n = float(differences.mean()), len(differences)
    test_noise = critical_value(comparisons, inf) * sqrt(test_variance or 0.0)

    def seed_noise(runs: int) -> float:
        freedom = df * (runs - 1) / max(n - 1, 1)
        return critical_value(comparisons, round(freedom, 1)) * sqrt(
            variance * (1 / runs + overlap)
        )

    seeds = seed_noise(n) if isfinite(variance) else inf
    noise = inf if isnan(test_noise) else hypot(seeds, test_noise)
    lead = Lead(mean, noise, seeds, nan if test_variance is None else test_noise, n)
    if lead.is_real or not isfinite(noise) or mean == 0:
        return lead
    enough = (m for m in SEEDS if hypot(seed_noise(n + m * folds), test_noise) < abs(mean))
    return replace(lead, more_seeds=next(enough, None))
