"""Neighbours within classes that may be smaller than the number asked for."""

from typing import Any

from imbtorch.errors import InputError
from imbtorch.resampling.neighbors import Neighbors


class UpToNeighbors(Neighbors):
    """Nearest neighbours, as many as asked for or as there are.

    imbalanced-learn's SMOTE family fails on a class with fewer samples than neighbours. Handed
    over as ``k_neighbors`` this looks at all samples of such a class instead.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours, the sample itself among them: SMOTE's ``k_neighbors=5`` is 6 here.

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
        """Return the neighbours of the rows of `X`, the nearest first."""
        if self.n_samples_fit_ == 1:
            raise InputError(
                "a class has one sample alone, and no second one to go towards: over-sample at "
                "random, or by EOS, which goes towards other classes"
            )
        wanted = self.n_neighbors if n_neighbors is None else n_neighbors
        return super().kneighbors(X, min(wanted, self.n_samples_fit_), return_distance)
