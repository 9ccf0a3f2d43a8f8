"""How often `judge` says "better" where nothing is, and where something is, on made-up tables.

    OMP_NUM_THREADS=1 python benchmarks/verdict_simulation.py 4000

prints, in percent of so many tables: false "better" (any recipe, none of which is), and power (a
recipe that leads by that many standard deviations of a run), for

    judge       what `compare` says
    pooled      Dunnett's test on the pooled residual of the block design
    paired t    each recipe against the baseline by its own t test, as before

A run is the sum of a recipe's mean, the seed's effect (standard deviation 1), and the run's own.

Then, for some numbers of rare test samples, false "better" or "worse" by the noise of test samples
alone, in percent of test sets.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from imbtorch.comparison.verdict.dunnett import critical_value
from imbtorch.comparison.verdict.judge import judge
from imbtorch.comparison.verdict.sampling_noise import sampling_variance

SHAPES = (
    (2, 3),
    (3, 2),
    (3, 3),
    (4, 2),
    (6, 2),
    (6, 3),
    (6, 5),
    (6, 10),
    (15, 2),
    (15, 3),
    (30, 3),
)
"""Recipes (with the baseline) and seeds."""
POWER = (
    (3, 3, 3.0),
    (6, 2, 3.0),
    (6, 3, 2.0),
    (6, 3, 3.0),
    (6, 5, 2.0),
    (6, 10, 1.5),
    (15, 3, 3.0),
)
"""Recipes, seeds and the lead of one of them."""
RARE = (2, 3, 4, 5, 7, 10, 15, 20, 30, 50)
"""Numbers of test samples of the rare one of two classes."""
APART = (0.1, 0.3, 0.5)
"""Shares of these on which the recipes differ; more is rare."""


def spreads(recipes: int) -> dict[str, np.ndarray]:
    """Return the standard deviations of runs in each scenario, the baseline's first."""
    one = np.ones(recipes)
    last, first = np.eye(recipes)[-1], np.eye(recipes)[0]
    return {
        "equal": one,
        "every second x 2": one + np.arange(recipes) % 2,
        "baseline x 3": one + 2 * first,
        "baseline x 0.3": one - 0.7 * first,
        "one recipe x 3": one + 2 * last,
        "one recipe x 10": one + 9 * last,
    }


def made_rows(values: np.ndarray) -> list[dict[str, Any]]:
    """Return result rows of recipes x seeds; the first recipe is the baseline."""
    return [
        {
            "recipe": {"name": f"r{r}" if r else "erm"},
            "seed": s,
            "metrics": {"balanced_accuracy": float(values[r, s]), "f1_macro": 0.5},
        }
        for r, s in np.ndindex(*values.shape)
    ]


def better(values: np.ndarray) -> dict[str, np.ndarray]:
    """Return, for each rule, which recipes it calls better than the baseline."""
    recipes, seeds = values.shape
    differences = values[1:] - values[0]
    lead, width = differences.mean(1), differences.std(1, ddof=1) / np.sqrt(seeds)
    rest = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    df = (recipes - 1) * (seeds - 1)
    pooled = critical_value(recipes - 1, df) * np.sqrt(2 * (rest**2).sum() / df / seeds)
    leads = judge(made_rows(values)).leads
    return {
        "judge": np.array([one.verdict == "better" for one in leads.values()]),
        "pooled": lead > pooled,
        "paired t": lead > stats.t.ppf(0.975, seeds - 1) * width,
    }


def shares(spread: np.ndarray, seeds: int, lead: float, tables: int) -> dict[str, float]:
    """Return the percentage of tables in which each rule calls a recipe better.

    Any recipe if `lead` is 0, otherwise the second one, which has it.
    """
    rng = np.random.default_rng(0)
    found: dict[str, list[bool]] = {}
    for _ in range(tables):
        values = rng.normal(size=seeds) + spread[:, None] * rng.normal(size=(len(spread), seeds))
        values[1] += lead
        for rule, which in better(values).items():
            found.setdefault(rule, []).append(bool(which[0] if lead else which.any()))
    return {rule: 100 * float(np.mean(of)) for rule, of in found.items()}


def of_few_samples(number: int, apart: float) -> float:
    """Return the percentage of test sets of which one of two equal recipes looks better or worse.

    They have so many samples of the rare class. With all seeds, one recipe is right and the other
    wrong on a sample with probability `apart`. All outcomes are counted, with their probabilities.
    """
    found, labels = 0.0, np.repeat([0, 1], number)
    for more, less in np.ndindex(number + 1, number + 1):
        if more + less <= number:
            outcome = [more, less, number - more - less]
            gains = np.repeat([0, 1, -1, 0], [number, *outcome])
            noise = critical_value(1, np.inf) * sampling_variance(labels, gains) ** 0.5
            if abs(more - less) / number / 2 > noise:
                chances = [apart / 2, apart / 2, 1 - apart]
                found += float(stats.multinomial.pmf(outcome, number, chances))
    return 100 * found


def main(arguments: Sequence[str]) -> None:
    """Print both tables."""
    tables = int(arguments[0]) if arguments else 1000
    print(f'False "better", percent of {tables} tables')
    for recipes, seeds in SHAPES:
        for name, spread in spreads(recipes).items():
            _print(f"{recipes} recipes x {seeds} seeds, {name}", shares(spread, seeds, 0.0, tables))
    print("Power, percent of tables")
    for recipes, seeds, lead in POWER:
        for name in ("equal", "one recipe x 10"):
            found = shares(spreads(recipes)[name], seeds, lead, tables)
            _print(f"{recipes} recipes x {seeds} seeds, {name}, lead {lead}", found)
    print('False "better" or "worse" by the noise of test samples, percent of test sets')
    for number in RARE:
        _print(
            f"{number} rare test samples",
            {f"{apart} apart": of_few_samples(number, apart) for apart in APART},
        )


def _print(title: str, found: dict[str, float]) -> None:
    shown = "  ".join(f"{rule} {share:5.1f}" for rule, share in found.items())
    print(f"{title:48} {shown}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
