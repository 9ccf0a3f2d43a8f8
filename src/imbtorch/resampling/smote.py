"""SMOTE and its relatives, as imbalanced-learn has them, on this library's neighbour search."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE, SVMSMOTE, BorderlineSMOTE
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.base import clone
from sklearn.svm import SVC

from imbtorch.resampling.neighbors import Neighbors


class OnceSVC(SVC):  # type: ignore[misc]
    """A support vector classifier that is fitted once: asked again with the same data, it stays.

    imbalanced-learn's ``SVMSMOTE`` fits the same machine on the same data for every class it
    over-samples; handed this one as ``svm_estimator=``, it does so for the first alone.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> machine = OnceSVC().fit(X, y)
    >>> first = machine.support_
    >>> machine.fit(X, y).support_ is first, machine.fit(X.copy(), y).support_ is first
    (True, False)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "OnceSVC":
        """Fit, unless these very objects were what it was last fitted on."""
        seen = (X, y, sample_weight)
        if not all(a is b for a, b in zip(seen, getattr(self, "_seen", (None,) * 3), strict=True)):
            super().fit(X, y, sample_weight)
            self._seen = seen
        return self


def smote(n_neighbors: int = 5, random_state: Any = None) -> SMOTE:
    r"""Return SMOTE: points between a sample and one of its k neighbours of the same class.

    .. math:: s = b + r \, (n - b), \quad r \sim U[0, 1)

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k within the class, below its count.
    random_state : int, RandomState or None, default=None
        Draws b, n and r.

    Returns
    -------
    imblearn.over_sampling.SMOTE

    References
    ----------
    Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 2002.

    Examples
    --------
    >>> X, y = np.arange(10.0)[:, None], np.repeat([0, 1], [7, 3])
    >>> np.bincount(smote(2, random_state=0).fit_resample(X, y)[1])
    array([7, 7])
    """
    return SMOTE(k_neighbors=Neighbors(n_neighbors + 1), random_state=random_state)


class _ToppedUp:
    """What Borderline-SMOTE and SVM-SMOTE lack: a word, and more, where a class falls short."""

    top_up: bool
    sampling_strategy_: dict[Any, int]
    random_state: Any
    k_neighbors: Any

    def _complete(
        self, X: Any, y: NDArray[Any], resample: Callable[[Any, NDArray[Any]], tuple[Any, Any]]
    ) -> tuple[Any, Any]:
        new_x, new_y = resample(X, y)
        made = new_y[len(y) :]
        short = {
            label: count - missing
            for label, count in self.sampling_strategy_.items()
            if (missing := int((made == label).sum())) < count
        }
        if not short:
            return new_x, new_y
        end = "topped up by SMOTE" if self.top_up else "left there; top_up=True fills up by SMOTE"
        warnings.warn(
            f"{type(self).__name__} found too few samples to start from and left classes short of "
            f"their targets ({', '.join(f'{k!s} by {n}' for k, n in short.items())}): {end}",
            UserWarning,
            stacklevel=2,
        )
        if not self.top_up:
            return new_x, new_y
        counts = {label: int((y == label).sum()) + n for label, n in short.items()}
        more = SMOTE(
            sampling_strategy=counts, k_neighbors=self.k_neighbors, random_state=self.random_state
        )
        more_x, more_y = more.fit_resample(X, y)
        stack = vstack if issparse(X) else np.concatenate
        return stack([new_x, more_x[len(y) :]]), np.concatenate([new_y, more_y[len(y) :]])


class ToppedBorderlineSMOTE(_ToppedUp, BorderlineSMOTE):  # type: ignore[misc]
    """Borderline-SMOTE that says where it leaves a class short, and can fill it up.

    SMOTE that starts from the samples in danger alone: those with at least half, but not all, of
    their m nearest neighbours in other classes. A class without any is left as it is.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k within the class between which points are made, below its count.
    m_neighbors : int, default=10
        Neighbours m over all classes that decide what is in danger.
    top_up : bool, default=False
        Whether SMOTE fills up the classes left short; a warning names them either way.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count.
    random_state : int, RandomState or None, default=None
        Draws samples, neighbours and r.

    References
    ----------
    Han et al., "Borderline-SMOTE", ICIC 2005; imbalanced-learn's ``BorderlineSMOTE``, of which
    this is one.

    Examples
    --------
    >>> X, y = np.arange(20.0)[:, None] % 7, np.repeat([0, 1], [14, 6])
    >>> np.bincount(ToppedBorderlineSMOTE(3, random_state=0).fit_resample(X, y)[1])
    array([14, 14])
    """
