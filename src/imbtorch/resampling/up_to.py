"""Neighbor search within classes that can be smaller than the requested number of neighbors."""

from typing import Any

from imbtorch.resampling.neighbors import Neighbors

ONE_SAMPLE = (
    "a class has only one sample, so it has no neighbor to move toward: over-sample at random, or "
    "with EOS, which moves toward other classes"
)


class UpToNeighbors(Neighbors):
    """Nearest neighbors, as many as requested or as there are.

    imbalanced-learn's SMOTE family fails on a class with fewer samples than neighbors. Passed as
    ``k_neighbors``, this search uses all samples of such a class instead.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors, including the sample itself: SMOTE's ``k_neighbors=5`` is 6 here.

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> x, y = [[0.0], [1.0], [2.0], [7.0], [9.0]], [0, 0, 0, 1, 1]
    >>> smote = SMOTE(k_neighbors=UpToNeighbors(n_neighbors=6), random_state=0)
    >>> _, labels = smote.fit_resample(x, y)
    >>> labels
    [0, 0, 0, 1, 1, 1]
    """

    def __init__(self, n_neighbors: int = 5) -> None:
        super().__init__(n_neighbors=n_neighbors)

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Return the neighbors of the rows of `X`, nearest first."""
        if self.n_samples_fit_ == 1:
            raise ValueError(ONE_SAMPLE)
        wanted = self.n_neighbors if n_neighbors is None else n_neighbors
        return super().kneighbors(X, min(wanted, self.n_samples_fit_), return_distance)
