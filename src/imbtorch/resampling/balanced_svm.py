"""Balanced SVM: SMOTE whose rows are labelled anew by a support vector machine."""

from typing import Any

from numpy.typing import NDArray
from sklearn.svm import SVC

from imbtorch.data.checks import RandomState
from imbtorch.resampling.base import Strategy, TopUpSampler
from imbtorch.resampling.smote import SMOTE


class BalancedSVM(TopUpSampler):
    """SMOTE, then every synthetic row takes the label that a support vector machine gives it.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k of SMOTE within the class, or all it has if they are fewer.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes SMOTE brings to which count, as everywhere in imbalanced-learn.
    top_up : bool, default=False
        As rows change their class, the classes need not come out even: whether SMOTE fills up
        those left short.
    random_state : int, RandomState or None, default=None
        Random state of SMOTE.

    Attributes
    ----------
    svm_ : sklearn.svm.SVC
        The machine.
    short_ : dict
        Class -> how many rows it is short of its target after the relabelling.

    Notes
    -----
    The text names no machine: here one with a Gaussian kernel and balanced class weights, fitted
    on the real rows, whose labels stay.

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

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        sampling_strategy: Strategy = "auto",
        top_up: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.top_up = top_up
        self.random_state = random_state

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        smote = SMOTE(**self.get_params())
        new_x, new_y = smote.fit_resample(X, y)
        self.svm_ = SVC(class_weight="balanced").fit(X, y)
        if len(new_y) > len(y):
            new_y[len(y) :] = self.svm_.predict(new_x[len(y) :])
        return new_x, new_y
