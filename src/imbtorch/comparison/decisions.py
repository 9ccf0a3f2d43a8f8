"""Choose a decision on a validation split, and measure what it changes on the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.comparison.outputs import Decided, Outputs, outputs_of
from imbtorch.data.arrays import Samples
from imbtorch.errors import InputError
from imbtorch.metrics.calibration import expected_calibration_error
from imbtorch.metrics.choose_decision import decision_for
from imbtorch.metrics.classification import classification_metrics
from imbtorch.metrics.decision import Decision, log_of
from imbtorch.metrics.objective import Objective, rarer
from imbtorch.metrics.offsets import choose_offsets
from imbtorch.metrics.scores import brier_score
from imbtorch.metrics.undefined import mean_defined
from imbtorch.models.classifier import Classifier

OVERALL = ("balanced_accuracy", "f1_macro", "accuracy", "matthews")
"""What is measured beside the objective, see `classification_metrics`."""

WIDTH = 28
"""Characters of a figure's name in a table on the terminal."""
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def with_decision(
    outputs: Outputs,
    objective: Objective | None,
    model: Classifier,
    validation: Samples | None,
    counts: Sequence[int],
) -> Outputs:
    """Return a network's outputs with its decision, and what that makes of them.

    Parameters
    ----------
    outputs : Outputs
        What the network makes of the test set.
    objective : Objective, optional
        What the decision is chosen for; without, there is none.
    model : Classifier
        Trained network.
    validation : Dataset, optional
        Samples that it was not trained on: the decision is chosen there.
    counts : sequence of int
        Class counts of the training set.
    """
    if objective is None or validation is None:
        return outputs
    decision = decision_for(objective, *_arrays(outputs_of(model, validation)), counts)
    y, p = _arrays(outputs)
    classes = decision.classes(decision.calibrated(p))
    costs = None if objective.costs is None else np.asarray(objective.costs)[y, classes]
    return replace(outputs, decided=Decided(decision, classes, costs))


def decision_header(outputs: Outputs | None) -> dict[str, Any]:
    """Return the entry ``decision`` of a checkpoint's header; empty without a decision."""
    if outputs is None or outputs.decided is None:
        return {}
    return {"decision": outputs.decided.decision.to_json()}


def decision_entry(
    objective: Objective | None, outputs: Outputs, counts: Sequence[int]
) -> dict[str, Any]:
    """Return the entry ``decision`` of a result row: the decision, and its figures on the test set.

    There is none if the outputs have no decision.
    """
    if outputs.decided is None:
        return {}
    decision = outputs.decided.decision
    figures = decision_figures(objective, decision, *_arrays(outputs), counts)
    return {"decision": {**decision.to_json(), **figures}}


def decision_figures(
    objective: Objective | None, decision: Decision, y: Labels, p: Floats, counts: Sequence[int]
) -> dict[str, Any]:
    """Return the figures of a decision on labels and plain probabilities, JSON-ready.

    Parameters
    ----------
    objective : Objective or None
        What to measure first, if anything.
    decision : Decision
        Chosen on other samples than these.
    y : ndarray of shape (N,), int64
        Labels.
    p : ndarray of shape (N, K)
        Probabilities as the network gives them.
    counts : sequence of int
        Class counts of the training set.

    Returns
    -------
    dict
        ``metrics``: name -> figure under the decision; ``plain``: the same where the most probable
        class is chosen; with an objective ``best``: the same under the offsets that are chosen
        for it on these very samples, or None if it is undefined on them.
    """
    calibrated = decision.calibrated(p)
    made = {
        "metrics": _figures(objective, y, decision.classes(calibrated), calibrated, counts),
        "plain": _figures(objective, y, p.argmax(1), p, counts),
    }
    if objective is None:
        return made
    best = None
    if _defined(objective, y, counts):
        offsets = choose_offsets(objective, y, log_of(calibrated), counts)
        chosen = Decision(offsets=tuple(offsets.tolist())).classes(calibrated)
        best = _figures(objective, y, chosen, calibrated, counts)
    return {**made, "best": best}


def _figures(
    objective: Objective | None, y: Labels, chosen: Labels, p: Floats, counts: Sequence[int]
) -> dict[str, float | None]:
    metrics = classification_metrics(y, chosen, counts)
    figures = {name: metrics[name] for name in OVERALL}
    if len(counts) == 2:
        rare = rarer(counts)
        figures |= {name: metrics[name][rare] for name in ("recall", "precision", "f1")}
    if objective is not None:
        own = objective.figure(y, chosen, counts) if _defined(objective, y, counts) else None
        figures = {objective.key: own, **figures}
    return {**figures, "brier": brier_score(y, p), "ece": expected_calibration_error(y, p)}


def _defined(objective: Objective, y: Labels, counts: Sequence[int]) -> bool:
    try:
        objective.check(y, counts)
    except InputError:
        return False
    return True


def _arrays(outputs: Outputs) -> tuple[Labels, Floats]:
    return outputs.labels.cpu().numpy(), outputs.probabilities.double().cpu().numpy()


def decision_words(made: Decision, classes: Sequence[str], counts: Sequence[int]) -> str:
    """Return a decision as a user should read it.

    Examples
    --------
    >>> decision_words(Decision(1.5, (0.0, 2.0), "f1"), ["good", "scratch"], [90, 10])
    'decision for f1: temperature 1.50; scratch from a probability of 0.1192 on'
    """
    said = f"decision for {made.maximizes}: temperature {made.temperature:.2f}"
    if made.threshold is not None:
        rare = rarer(counts)
        least = made.threshold if rare else 1 - made.threshold
        return f"{said}; {classes[rare]} from a probability of {least:.4g} on"
    offsets = np.asarray(made.offsets)
    if not offsets.any():
        return f"{said}; the most probable class"
    most, least = int(offsets.argmax()), int(offsets.argmin())
    odds = np.exp(min(offsets.max() - offsets.min(), 700.0))  # the largest that is no infinity
    return (
        f"{said}; odds of {classes[most]} against {classes[least]} multiplied by {odds:.3g}, of "
        "all others by less"
    )


def decision_lines(
    row: Mapping[str, Any], classes: Sequence[str], counts: Sequence[int]
) -> list[str]:
    """Return a table of what `decision_figures` returned: decided beside plain, line by line."""
    of_rare = dict.fromkeys(("recall", "precision", "f1"), "")
    if len(classes) == 2:
        of_rare = dict.fromkeys(of_rare, f" of {classes[rarer(counts)]}")
    shown = {"most probable": row["plain"], "decided": row["metrics"]}
    if row.get("best"):
        shown["best here*"] = row["best"]
    lines = [f"{'':{WIDTH}}" + "".join(f"{name:>15}" for name in shown)]
    for name in row["metrics"]:
        values = [figures[name] for figures in shown.values()]
        heading = (name + of_rare.get(name, "")).replace("_", " ")
        lines.append(f"{heading[:WIDTH]:{WIDTH}}" + "".join(map(_cell, values)))
    if row.get("best"):
        lines.append("* with offsets chosen on these very samples: too good to be a result")
    return lines


def decided_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what decisions change, recipe by recipe: means over the seeds on the test set."""
    by_recipe: dict[str, list[Any]] = {}
    for row in rows:
        if "decision" in row:
            by_recipe.setdefault(row["recipe"]["name"], []).append(row["decision"])
    if not by_recipe:
        return []
    key = next(iter(next(iter(by_recipe.values()))[0]["metrics"]))
    width = max(WIDTH, *map(len, by_recipe))
    # whether the precision was reached, only itself tells
    keys = [key, "precision"] if key.startswith("recall@precision") else [key]
    shown = {"plain": "most probable", "metrics": "decided", "best": "best there*"}
    lines = []
    for one in keys:
        name = one.replace("_", " ")
        lines.append(f"{name:{width}}" + "".join(f"{heading:>15}" for heading in shown.values()))
        for recipe, made in by_recipe.items():
            means = (mean_defined([_of(run[kind], one) for run in made]) for kind in shown)
            lines.append(f"{recipe:{width}}" + "".join(map(_cell, means)))
    return [
        "decisions were chosen on the validation split; on the test set, mean over seeds:",
        *lines,
        "* with offsets chosen on the test set itself: too good to be a result",
    ]


def _of(figures: Mapping[str, float | None] | None, key: str) -> float:
    value = (figures or {}).get(key)
    return float("nan") if value is None else value


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.4f'):>15}"
