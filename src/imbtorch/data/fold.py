"""`Fold`: one of the parts of a data set that are held out in turn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.profiles.profile import Profile


@dataclass(frozen=True)
class Fold:
    """One of the folds of a data set.

    Attributes
    ----------
    folds : int
        How many there are.
    seed : int
        The training seed that it belongs to: fold ``seed % folds`` of repetition
        ``seed // folds``.
    train, test : ndarray of int64
        Row numbers in the data before they were divided, ascending.
    digest : str
        Hash of all samples and of all folds of the first repetition.
    pooled : str
        Hash of all samples as tensors.
    counts : tuple of int
        Training samples of each class beside the first fold.
    profile : Profile
        How imbalanced they are.
    """

    folds: int
    seed: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    digest: str
    pooled: str
    counts: tuple[int, ...]
    profile: Profile

    @property
    def number(self) -> int:
        """Which of the folds is held out, 0..folds-1."""
        return self.seed % self.folds
