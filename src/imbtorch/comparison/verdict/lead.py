"""The lead of a recipe over the baseline, and whether it is more than noise."""

from dataclasses import dataclass
from math import inf, isfinite, isnan, nan

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
        intervals of a table hold together (Dunnett). Infinite if it is unknown: with one seed, if
        `outputs_lost`, or where all seeds give the same and test samples do not count.
    seed_noise, test_noise : float
        The half-width that each source would give alone: other training seeds (infinite if it is
        unknown), and other test samples (NaN if no predictions are stored, or with folds, whose
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
        """One of better, worse, within noise, or noise unknown (one seed, or outputs lost)."""
        if self.is_real:
            return "better" if self.mean > 0 else "worse"
        within = abs(self.mean) <= self.test_noise or abs(self.mean) <= self.seed_noise < inf
        return "within noise" if within or isfinite(self.noise) else "noise unknown"

    @property
    def outputs_lost(self) -> bool:
        """Whether only the noise of test samples is unknown: predictions that counted are lost."""
        return isfinite(self.seed_noise) and isnan(self.test_noise) and not isfinite(self.noise)

    def __str__(self) -> str:
        noise = f"±{self.measure.shown(self.noise)}" if isfinite(self.noise) else ""
        return f"{self.measure.signed(self.mean)}{noise}"
