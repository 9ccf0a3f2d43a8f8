"""Balanced SVM: SMOTE whose rows are relabeled by a support vector machine."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from imbtorch.data.checks import RandomState
from imbtorch.resampling.base import Strategy, TopUpSampler
from imbtorch.resampling.smote import SMOTE


class BalancedSVM(TopUpSampler):
    """SMOTE, after which a support vector machine relabels every synthetic row.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors k of SMOTE within the class, or all that the class has if there are fewer.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes SMOTE brings to which count, as everywhere in imbalanced-learn.
    top_up : bool, default=True
        Rows change class, so that classes end up uneven. If True, a row counts only if the machine
        gives it to a class that still lacks rows, and SMOTE makes the rest: every class has its
        target. If False, every row is kept, as in the paper (and the recipe ``balanced-svm``).
    random_state : int, RandomState or None, default=None
        Random state of SMOTE.

    Attributes
    ----------
    svm_ : sklearn.svm.SVC
        The support vector machine.
    short_ : dict
        Class -> number of rows by which it misses its target after relabeling; with `top_up`,
        those that SMOTE made.

    Notes
    -----
    The paper does not say which machine: this one has a Gaussian kernel and balanced class
    weights, and is fitted on the real rows, whose labels do not change.

    References
    ----------
    EOS (Dablain et al.), section II: "Balanced SVM", after Farquad and Bose, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(20.0)[:, None] % 7, np.repeat([0, 1], [14, 6])
    >>> new_X, new_y = BalancedSVM(3, random_state=0).fit_resample(X, y)
    >>> len(new_y), bool((new_y[:20] == y).all())
    (28, True)
    """

    warns_when_short = False

    cuts_digits = True

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        sampling_strategy: Strategy = "auto",
        top_up: bool = True,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.top_up = top_up
        self.random_state = random_state

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        smote = SMOTE(**self.get_params())
        new_x, new_y = smote.fit_resample(X, y)
        # it draws nothing, but without a random state of its own asks NumPy's global one for a seed
        self.svm_ = SVC(class_weight="balanced", random_state=0).fit(X, y)
        if len(new_y) > len(y):
            new_y[len(y) :] = self.svm_.predict(new_x[len(y) :])
        if not self.top_up:
            return new_x, new_y
        kept = np.arange(len(new_y)) < len(y)
        for label, number in self.sampling_strategy_.items():
            kept[len(y) + np.flatnonzero(new_y[len(y) :] == label)[:number]] = True
        return new_x[kept], new_y[kept]
