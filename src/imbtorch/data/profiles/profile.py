"""`Profile`: the imbalance of a training set, chosen by name and stored with every result."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from imbtorch.data.profiles.counts import (
    exponential_counts,
    linear_counts,
    make_imbalanced,
    step_counts,
)
from imbtorch.data.profiles.reductions import gaussian_reduction, random_reduction
from imbtorch.errors import InputError, unknown_name

PROFILES: dict[str, Callable[..., list[int]]] = {
    "exponential": exponential_counts,
    "step": step_counts,
    "linear": linear_counts,
}
REDUCTIONS: dict[str, Callable[..., list[int]]] = {
    "random": random_reduction,
    "gaussian": gaussian_reduction,
}


@dataclass(frozen=True)
class Profile:
    """An imbalance profile.

    Parameters
    ----------
    name : str
        - exponential, step, linear: from the count of the smallest class down to this count
          divided by the ratio.
        - random: four classes, chosen at random, lose a fraction of their samples.
        - gaussian: a fraction of all samples is removed; a Gaussian divides it among the classes.
        - stored: the data set as it is; auto: see `settled`.
    ratio : float
        Imbalance ratio rho = largest / smallest count: requested for exponential, step and
        linear, measured for the others.
    fraction : float, optional
        Fraction of minority classes (step), or of samples to remove (random, gaussian).

    Examples
    --------
    >>> profile = Profile.parse("step:0.3", 50)
    >>> profile, str(profile)
    (Profile(name='step', ratio=50, fraction=0.3), 'step:0.3, ratio 50')
    """

    name: str
    ratio: float
    fraction: float | None = None

    @classmethod
    def parse(cls, text: str, ratio: float) -> "Profile":
        """Parse a profile as written on the command line: NAME, NAME:FRACTION or none."""
        name, colon, number = text.partition(":")
        name = "stored" if text == "none" else name
        names = (*PROFILES, *REDUCTIONS, "auto", "stored")
        if name not in names or (colon and name not in ("step", *REDUCTIONS)):
            known = ("auto", "none", *PROFILES, "step:0.3", "random:0.9", "gaussian:0.2")
            raise unknown_name("profile", text, known)
        try:
            return cls(name, ratio, float(number) if colon or name in REDUCTIONS else None)
        except ValueError:
            raise InputError(f"profile is {text!r}; a number must follow the colon") from None

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Profile":
        """Return the profile that `to_json` wrote."""
        return cls(**values)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, object]:
        """Return the profile as JSON-ready values."""
        return asdict(self)

    def settled(self, counts: np.ndarray) -> "Profile":
        """Return the profile that "auto" means for class counts; return any other unchanged.

        A balanced benchmark (largest class less than twice the smallest, which has enough samples
        for the ratio) becomes exponential; all other data stay as they are stored.
        """
        if self.name != "auto":
            return self
        balanced = counts.max() < 2 * counts.min() and counts.min() >= self.ratio
        return Profile("exponential" if balanced else "stored", self.ratio)

    def rows(self, y: np.ndarray, num_classes: int, data_seed: int) -> np.ndarray:
        """Choose the rows that stay.

        Parameters
        ----------
        y : ndarray of shape (N,)
            Labels 0..K-1.
        num_classes : int
            Number of classes K.
        data_seed : int
            Decides which classes are reduced and which samples stay.

        Returns
        -------
        ndarray of int64
            Their indices, ascending.

        Raises
        ------
        InputError
            If the profile would leave a class without a sample.
        """
        counts = np.bincount(y, minlength=num_classes)
        if self.name == "stored":
            return np.arange(len(y))
        if self.name == "random" and num_classes <= 4:
            raise InputError(
                f"profile is {self.label!r}, which reduces four of the classes; DATA has "
                f"{num_classes}: choose another profile"
            )
        try:
            kept = self._kept(counts, data_seed)
        except InputError as error:
            if self.fraction is None:
                raise
            raise InputError(f"profile is {self.label!r}: {error}") from error
        return make_imbalanced(y, kept, data_seed)

    def _kept(self, counts: np.ndarray, data_seed: int) -> list[int]:
        """Return the class counts that stay."""
        if self.name in REDUCTIONS:
            return REDUCTIONS[self.name](counts, self.fraction, data_seed=data_seed)
        share = {} if self.fraction is None else {"minority_fraction": self.fraction}
        return PROFILES[self.name](int(counts.min()), len(counts), self.ratio, **share)

    def measured(self, counts: np.ndarray) -> "Profile":
        """Return the profile with the ratio measured from counts, unless a ratio was requested."""
        if self.name in PROFILES:
            return self
        return Profile(self.name, float(counts.max() / counts.min()), self.fraction)

    @property
    def label(self) -> str:
        """Name and fraction, as written on the command line."""
        return self.name if self.fraction is None else f"{self.name}:{self.fraction:g}"

    def __str__(self) -> str:
        label = "as stored" if self.name == "stored" else self.label
        return f"{label}, ratio {self.ratio:.4g}"
