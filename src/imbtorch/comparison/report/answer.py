"""The report's answer: which recipe to use, what it gains, and which classes stay weak."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from imbtorch.comparison.report.summary import Summary

WEAK = 0.9
"""A class stays weak if its recall is below this and not above the mean over the classes."""
ROUNDING = 1e-9
"""By which a mean of equal recalls may differ from them."""
CHANCE = 1.1
"""A balanced accuracy below so many times 1/K says that nothing is learned."""
NAMED = 3
"""Number of weak classes that the answer names."""


def chosen(summaries: Sequence[Summary], baseline: str) -> Summary:
    """Return the recipe to use, by what the recipes are compared by, see `Measure`.

    That is the best of those that are better than the baseline beyond noise; if there is none, the
    best of the baseline and of those whose lead cannot be judged: for want of a second seed, or of
    outputs.
    """
    leads = {s.recipe: s.lead for s in summaries if s.lead}
    better, unknown = (
        [s for s in summaries if s.recipe in leads and leads[s.recipe].verdict == verdict]
        for verdict in ("better", "noise unknown")
    )
    base = [s for s in summaries if s.recipe == baseline]
    return max(better or [*base, *unknown], key=lambda s: s.value)


def answer(
    summaries: Sequence[Summary],
    baseline: str,
    classes: Sequence[str],
    counts: Sequence[int],
    recall: NDArray[np.float64],
    confusion: csr_array,
    few: int,
) -> list[str]:
    """Return the sentences at the top of the report.

    Parameters
    ----------
    summaries : sequence of Summary
        All recipes, at least one.
    baseline : str
        The recipe that the others are compared with.
    classes, counts : sequence of length K
        Names of the classes, and their training samples.
    recall : ndarray of shape (K,)
        Recall of the recipe that is `chosen`, mean over its seeds; NaN if untested.
    confusion : csr_array of shape (K, K)
        Its confusion matrix, over all seeds.
    few : int
        Classes with fewer training samples are few-shot.
    """
    said = use(summaries, baseline)
    best, decided = chosen(summaries, baseline), summaries[0].measure.decided
    if not decided and best.mean["balanced_accuracy"] < CHANCE / len(classes):
        chance = f"{len(classes)} classes: train longer, or look at the data with imbtorch inspect"
        said += f" That is hardly more than chance gives with {chance}."
    without = f"Without {best.recipe}'s decision, by the most probable class: " if decided else ""
    return [said, *_weak(classes, counts, recall, confusion, few, without)]


def use(summaries: Sequence[Summary], baseline: str) -> str:
    """Return the sentence that names the recipe to use, its gain with an interval, and its cost."""
    best = chosen(summaries, baseline)
    measure = best.measure
    has = "has" if measure.is_cost else "reaches"
    reaches = measure.with_unit(best.mean[measure.column])
    of = {summary.recipe: summary for summary in summaries}
    if len(summaries) == 1:
        return f"{best.recipe} {has} {reaches}; name more recipes to compare it with."
    plain = "plain training" if baseline == "erm" else baseline
    if best.recipe != baseline:
        base = of[baseline]
        lead = best.lead
        assert lead is not None
        if lead.verdict != "better":
            value = measure.shown(base.mean[measure.column]) + ("" if measure.is_cost else " %")
            lacking = "without lost outputs" if lead.outputs_lost else "from one training seed"
            return (
                f"{best.recipe} {has} {reaches}, {plain} {value}: whether that is noise cannot be "
                f"told {lacking}."
            )
        as_text = measure.shown if measure.is_cost else measure.signed
        gain, low, high = (as_text(lead.mean + side * lead.noise) for side in (0, -1, 1))
        gained = f"{gain} {'less than' if measure.is_cost else 'points over'} {plain}"
        return (
            f"Use {best.recipe}: {reaches}, {gained} (95 % interval {low} to {high}), for "
            f"{_cost(best, base)}."
        )
    named = f"{plain} (erm)" if baseline == "erm" else baseline
    next_best = max((s for s in summaries if s.lead), key=lambda s: s.value, default=None)
    if next_best is None:
        return f"{best.recipe} {has} {reaches}; no other recipe has a training seed of its runs."
    lead = next_best.lead
    assert lead is not None
    noise = lead.noise if np.isfinite(lead.noise) else lead.test_noise  # all that one seed tells
    by = measure.shown(lead.mean) + (f" ± {measure.shown(noise)}" if np.isfinite(noise) else "")
    leads = f"costs {by} less" if measure.is_cost else f"leads by {by} points"
    if lead.mean <= 0:
        side = "below" if measure.is_cost else "above"
        return f"Stay with {named}: it {has} {reaches}, and no recipe is {side} it."
    return (
        f"Stay with {named}, {reaches}: no recipe is better beyond noise; the "
        f"closest, {next_best.recipe}, {leads}."
    )


def _cost(best: Summary, base: Summary) -> str:
    """Return the training time of a recipe beside that of the baseline."""
    seconds, before = best.mean["seconds"], base.mean["seconds"]
    ratio = seconds / before if before > 0 else float("nan")
    took = f"{seconds:.0f} s of training" if seconds >= 10 else f"{seconds:.1f} s of training"
    if not np.isfinite(ratio):
        return took
    if 0.95 <= ratio <= 1.05:
        return f"the same training time ({took.removesuffix(' of training')})"
    return f"{ratio:.1f} times its training time ({took.removesuffix(' of training')})"


def weak_classes(recall: NDArray[np.float64]) -> list[int]:
    """Return the classes that stay weak, the weakest first.

    Examples
    --------
    >>> weak_classes(np.array([1.0, 0.95, 0.2, np.nan, 0.5]))
    [2, 4]
    """
    known = recall[~np.isnan(recall)]
    mean = known.mean() + ROUNDING if len(known) else 0.0
    order = np.argsort(recall, kind="stable")
    return [int(k) for k in order if recall[k] < WEAK and recall[k] <= mean]


def _weak(
    classes: Sequence[str],
    counts: Sequence[int],
    recall: NDArray[np.float64],
    confusion: csr_array,
    few: int,
    without: str,
) -> list[str]:
    """Return which classes stay weak, and why, as far as that can be told.

    `without` begins the first sentence where decisions change the figures.
    """
    weak = weak_classes(recall)
    if not weak:
        known = np.where(np.isnan(recall), np.inf, recall)
        k = int(known.argmin())
        lowest = f"the lowest recall is {_percent(recall[k])}, of {classes[k]}"
        return [_begun(without, f"No class stays weak: {lowest}.")]
    named = weak[:NAMED]
    said = ", ".join(
        f"{classes[k]} ({_percent(recall[k])} recognized, {counts[k]} training "
        f"sample{'s' * (counts[k] != 1)})"
        for k in named
    )
    more = f", and {len(weak) - NAMED} more" if len(weak) > NAMED else ""
    stay = "One class stays weak" if len(weak) == 1 else "These classes stay weak"
    why = _scarce([classes[k] for k in named if counts[k] < few], len(named), few)
    if len(classes) == 2:
        missed = [f"{_percent(1 - r)} of {n}" for r, n in zip(recall, classes, strict=True)]
        why.append(f"{_joined(missed)} are taken for the other class, which the threshold shifts")
    else:
        why += filter(None, (_taken(confusion, classes, k) for k in named))
    return [
        _begun(without, f"{stay}: {said}{more}."),
        *([f"Why: {'; '.join(why)}."] if why else []),
    ]


def _begun(before: str, sentence: str) -> str:
    return f"{before}{sentence[0].lower() if before else sentence[0]}{sentence[1:]}"


def _scarce(names: Sequence[str], among: int, few: int) -> list[str]:
    """Return a clause on those of the weak classes that have few samples."""
    if not names:
        return []
    have = "has" if len(names) == 1 else "have"
    who = "they have" if 1 < len(names) == among else f"{_joined(names)} {have}"
    return [f"{who} fewer than {few} training samples"]


def _taken(confusion: csr_array, classes: Sequence[str], k: int) -> str:
    """Return a clause on the class that class k is most often taken for."""
    row = confusion[[k]].toarray()[0]
    samples = int(row.sum())
    row[k] = 0
    other = int(row.argmax())
    if not row[other]:
        return ""
    return (
        f"{classes[k]} is most often taken for {classes[other]} ({_percent(row[other] / samples)})"
    )


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
