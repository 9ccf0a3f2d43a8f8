"""The lead of a recipe over the baseline, and whether it is more than noise."""

from dataclasses import dataclass
from math import inf, isfinite, nan

from imbtorch.comparison.verdict.measure import BALANCED, Measure


@dataclass(frozen=True)
class Lead:
    """Lead of a recipe over the baseline, in what they are compared by.

    Attributes
    ----------
    mean : float
        Mean difference over the seeds that both have: positive where the recipe is better, so also
        where it costs less.
    noise : float
        Half-width of its 95 % interval, from both sources of noise, whose squares add; the
        intervals of a table hold together (Dunnett). Infinite if it is unknown: with one seed.
    seed_noise, test_noise : float
        The half-width that each source would give alone: other training seeds (infinite with one
        seed), and other test samples (NaN if no predictions are stored, or with folds, whose
        differences have both sources in them).
    seeds : int
        Number of seeds that both have.
    more_seeds : int or None
        How many more seeds would settle a lead within noise, if it stays what it is; None if no
        number up to 100 would.
    sentences : tuple of str
        What limits the verdict, and what would settle it.
    measure : Measure
        What the recipes are compared by.
    """

    mean: float
    noise: float
    seed_noise: float = inf
    test_noise: float = nan
    seeds: int = 1
    more_seeds: int | None = None
    sentences: tuple[str, ...] = ()
    measure: Measure = BALANCED

    @property
    def is_real(self) -> bool:
        """Whether the lead, in either direction, is larger than its noise."""
        return abs(self.mean) > self.noise

    @property
    def verdict(self) -> str:
        """One of better, worse, within noise, or noise unknown (one seed)."""
        if self.is_real:
            return "better" if self.mean > 0 else "worse"
        known = isfinite(self.noise) or abs(self.mean) <= self.test_noise
        return "within noise" if known else "noise unknown"

    def __str__(self) -> str:
        noise = f"±{self.measure.shown(self.noise)}" if isfinite(self.noise) else ""
        return f"{self.measure.signed(self.mean)}{noise}"
