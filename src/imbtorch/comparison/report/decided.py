"""What the decisions that were chosen on a validation split change on the held-out samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from imbtorch.metrics.objective import rarer
from imbtorch.metrics.undefined import mean_defined

Groups = Mapping[str, Sequence[Mapping[str, Any]]]
"""Recipe -> its runs."""
COST = "expected_cost"


def decided(groups: Groups) -> dict[str, Any]:
    """Return the figures that the decisions were chosen for; empty if none was chosen.

    Returns
    -------
    dict
        ``name`` of the figure, and ``recipes``: recipe -> means over the seeds of ``plain`` (the
        most probable class), ``decided``, and ``best`` (the offsets that are best on these very
        samples), None where undefined.
    """
    runs = {name: [run for run in of if "decision" in run] for name, of in groups.items()}
    runs = {name: of for name, of in runs.items() if of}
    if not runs:
        return {}
    key = next(iter(next(iter(runs.values()))[0]["decision"]["metrics"]))
    recipes = {
        name: {
            shown: _mean([(run["decision"].get(stored) or {}).get(key) for run in of])
            for shown, stored in (("plain", "plain"), ("decided", "metrics"), ("best", "best"))
        }
        for name, of in runs.items()
    }
    return {"name": key.replace("_", " "), "recipes": recipes, "is_cost": key == COST}


def _mean(values: Sequence[float | None]) -> float | None:
    return mean_defined(np.array(values, dtype=np.float64))


def decision_sentences(groups: Groups, recipe: str) -> list[str]:
    """Return what the decision changes, of the recipe to use and of the best one in this figure."""
    found = decided(groups)
    if not found:
        return []
    recipes, sign = found["recipes"], 1 if found["is_cost"] else -1
    known = {name: of for name, of in recipes.items() if of["decided"] is not None}
    if not known:
        return []
    best = min(known, key=lambda name: sign * known[name]["decided"])
    said = []
    for name in dict.fromkeys([recipe, best]):
        if name in known:
            figures = known[name]
            plain, bound = (
                "undefined" if v is None else f"{v:.4g}"
                for v in (figures["plain"], figures["best"])
            )
            said.append(f"{name} {figures['decided']:.4g} (without {plain}, at best {bound})")
    name = found["name"][0].upper() + found["name"][1:]
    lines = [f"{name} under the decision chosen on a validation split: {', '.join(said)}."]
    return [*lines, *_of_the_rarer(groups[recipe], recipe)]


def _of_the_rarer(runs: Sequence[Mapping[str, Any]], recipe: str) -> list[str]:
    """Return what a recipe's decision finds of the rarer one of two classes."""
    data, made = runs[0]["data"], [run["decision"]["metrics"] for run in runs if "decision" in run]
    if len(data["counts"]) != 2 or not made:
        return []
    found, right = (_mean([of.get(name) for of in made]) for name in ("recall", "precision"))
    if found is None:
        return []
    name = data["classes"][rarer(data["counts"])]
    sure = f", and is right in {100 * right:.1f} % of what it calls {name}" if right else ""
    return [f"So decided, {recipe} finds {100 * found:.1f} % of {name}{sure}."]


def decided_threshold(runs: Sequence[Mapping[str, Any]], rare: int) -> float:
    """Return the threshold on the network's own probability of one of two classes; else 0.5.

    It is that of the first seed's decision, with folds the first fold's, whose temperature is
    undone.

    Examples
    --------
    >>> decision = {"temperature": 2.0, "offsets": [0.0, np.log(3)]}
    >>> round(decided_threshold([{"seed": 0, "decision": decision}], 1), 6)
    0.1
    """
    for run in runs:
        if run["seed"] == 0 and "decision" in run:
            made = run["decision"]
            offsets = made["offsets"] or [0.0, 0.0]
            shift = made["temperature"] * (offsets[1 - rare] - offsets[rare])
            return float(expit(np.clip(shift, -700, 700)))
    return 0.5
