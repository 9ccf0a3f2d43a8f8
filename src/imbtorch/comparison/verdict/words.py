"""The verdict on a table in sentences."""

from collections.abc import Mapping, Sequence
from math import ceil, isfinite, isnan, nan
from typing import Any

from imbtorch.comparison.kept import AGAIN
from imbtorch.comparison.verdict.lead import Lead
from imbtorch.comparison.verdict.measure import BALANCED, Measure
from imbtorch.metrics.undefined import mean_defined
from imbtorch.printable import plural

MOST, SOME = 8, 5
"""Number of recipes that a sentence names at most, and of those named if there are more."""
Runs = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""Recipe -> training seed -> result row."""


def lead_sentences(name: str, lead: Lead, folded: bool) -> list[str]:
    """Return what limits the verdict on one lead, and what would settle it; empty if it is clear.

    `folded` says that the runs are on different folds of the data.
    """
    shown = lead.measure.signed(lead.mean)
    if lead.is_real or lead.mean == 0:
        return []
    if lead.outputs_lost:
        noise = lead.measure.shown(lead.seed_noise)
        if lead.verdict == "within noise":
            return [f"{name}: {shown} is within the noise of the training seeds alone (±{noise})."]
        return [
            f"{name}: {shown} is more than the noise of the training seeds (±{noise}); that of the "
            "test samples is unknown."
        ]
    if not isfinite(lead.noise):
        if lead.verdict == "within noise":
            return [f"{name}: {shown} is within the noise of the test samples alone."]
        noise = lead.measure.shown(lead.test_noise)
        known = (
            f" is more than the noise of the test samples (±{noise}); that"
            if lead.test_noise == lead.test_noise
            else ": the noise"
        )
        why = "with one seed" if lead.seeds == 1 else "where all seeds give the same"
        return [f"{name}: {shown}{known} of the training seeds is unknown {why}."]
    if lead.more_seeds is not None:
        more = plural(lead.more_seeds, "more repetition" if folded else "more seed")
        return [f"{name}: {more} would settle {shown}, if it stays what it is."]
    if lead.test_noise > abs(lead.mean):
        times = (lead.test_noise / lead.mean) ** 2
        return [
            f"{name}: the test set is too small to tell {shown} from noise: it would take about "
            f"{ceil(times)} times as many test samples."
            if times < 100
            else f"{name}: {shown} is too small to tell from noise with such a test set."
        ]
    unit = "repetitions" if folded else "seeds"
    return [f"{name}: {shown} is too small to tell from noise with fewer than 100 more {unit}."]


def table_sentences(
    runs: Runs,
    baseline: str,
    leads: Mapping[str, Lead],
    apart: Sequence[str],
    measure: Measure = BALANCED,
) -> list[str]:
    """Return what a whole table says, and what a reader may misread.

    `apart` are the recipes whose leads vary far more than the others'.
    """
    if not leads:
        return []
    said = [_standing(baseline, leads, measure)]
    order = sorted(leads, key=lambda name: -leads[name].mean)
    open_ = [n for n in order if leads[n].verdict in ("within noise", "noise unknown")]
    if not any(isfinite(lead.seed_noise) for lead in leads.values()):
        said.append(
            "With one seed, a verdict is not possible: run at least 2, better 3."
            if all(lead.seeds == 1 for lead in leads.values())
            else "All seeds give the same, so that a verdict is not possible: run with --folds."
        )
    elif open_ and leads[open_[0]].mean > 0:
        said += leads[open_[0]].sentences
    if lost := [name for name in order if leads[name].outputs_lost]:
        said.append(
            f"{_named(lost)}: the noise of the test samples is not known, as the outputs of these "
            f"runs or of those of {baseline} are missing in checkpoints, damaged or of another "
            f"test set; {AGAIN}."
        )
    said += _misread(runs, baseline, leads, order, measure)
    if apart:
        said.append(
            f"The leads of {_named(apart)} vary far more from seed to seed than the others: they "
            "have a noise of their own."
        )
    most = max(lead.seeds for lead in leads.values())
    fewer = [name for name in order if leads[name].seeds < most]
    if fewer:
        said.append(
            f"{_named(fewer)}: the lead is over the seeds that {baseline} has as well, of "
            f"{plural(most, 'seed')}."
        )
    return said


def _standing(baseline: str, leads: Mapping[str, Lead], measure: Measure) -> str:
    by = f" by {measure.words}" if measure.decided else ""
    groups: dict[str, list[str]] = {}
    for name in sorted(leads, key=lambda name: -abs(leads[name].mean)):
        groups.setdefault(leads[name].verdict, []).append(name)
    parts = [
        f"{verdict} than {baseline}{by} beyond noise: "
        + _named([f"{name} ({leads[name]})" for name in groups[verdict]])
        for verdict in ("better", "worse")
        if verdict in groups
    ]
    if "better" not in groups and "noise unknown" not in groups:
        parts.insert(0, f"no recipe is better than {baseline}{by} beyond noise")
    parts += [
        f"{words}: {_named(groups[verdict])}"
        for verdict, words in (("within noise", "within noise"), ("noise unknown", "not known"))
        if verdict in groups
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _misread(
    runs: Runs, baseline: str, leads: Mapping[str, Lead], order: Sequence[str], measure: Measure
) -> list[str]:
    """Return warnings: the highest is not the surest, or recall is bought with precision.

    Under a decision, which weighs the errors, another recipe may lead than by balanced accuracy.
    """
    said = []
    better = [name for name in order if leads[name].verdict == "better"]
    if better and order[0] != better[0]:
        noise = "of unknown noise" if leads[order[0]].verdict == "noise unknown" else "within noise"
        said.append(
            f"{order[0]} has {measure.best_words}, but its lead is {noise}; "
            f"{better[0]} has a smaller lead that is beyond it."
        )
    if measure.decided:
        return said + _without_decision(runs, baseline, leads, order, measure)
    plain = _mean(runs[baseline], "f1_macro")
    bought = {name: plain - _mean(runs[name], "f1_macro") for name in better}
    bought = {name: loss for name, loss in bought.items() if loss >= 0.0005}
    if bought:
        losses = [f"{name} ({100 * loss:.1f} points)" for name, loss in bought.items()]
        said.append(
            f"Better in balanced accuracy, but with a macro F1 below that of {baseline}: "
            f"{_named(losses)}. Rare classes are found at the price of false alarms."
        )
    return said


def _without_decision(
    runs: Runs, baseline: str, leads: Mapping[str, Lead], order: Sequence[str], measure: Measure
) -> list[str]:
    """Return what the noise is of, and that balanced accuracy would say something else."""
    said = []
    alone = all(isnan(lead.test_noise) and not lead.outputs_lost for lead in leads.values())
    if alone and not any(run.get("folds") for run in runs[baseline].values()):
        said.append(
            "The noise is that of the training seeds alone: how much other test samples would "
            "change is not known."
        )
    first = order[0] if leads[order[0]].mean > 0 else baseline
    highest = max(runs, key=lambda name: _mean(runs[name], "balanced_accuracy"))
    if highest != first:
        accuracy = 100 * _mean(runs[highest], "balanced_accuracy")
        said.append(
            f"Recipes are compared by {measure.words} under their decisions; the highest balanced "
            f"accuracy without one has {highest} ({accuracy:.1f} %)."
        )
    return said


def _mean(runs: Mapping[int, Mapping[str, Any]], metric: str) -> float:
    mean = mean_defined([run["metrics"].get(metric) for run in runs.values()])
    return nan if mean is None else mean


def _named(names: Sequence[str]) -> str:
    if len(names) <= MOST:
        return ", ".join(names)
    return f"{', '.join(names[:SOME])} and {len(names) - SOME} more"
