"""SMOTE and its variants: imbalanced-learn's, on this library's neighbor search."""

from typing import Any

import imblearn.over_sampling as imblearn
import numpy as np
from numpy.typing import NDArray

from imbtorch.data.checks import RandomState
from imbtorch.resampling.base import Strategy, TopUpSampler
from imbtorch.resampling.one_search import OnceSVC, OneSearch
from imbtorch.seeding import random_state_from


class SMOTE(TopUpSampler):
    r"""Over-sample rare classes by points between two neighbors of the same class.

    .. math:: s = b + r \, (n - b), \quad r \sim U[0, 1)

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors k within the class, or all that the class has if there are fewer.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    top_up : bool, default=False
        A class of one sample has no neighbor: that is an error, unless `top_up` is set, which
        repeats the sample.
    random_state : int, RandomState or None, default=None
        Draws b, n and r.

    Attributes
    ----------
    short_ : dict
        Class -> number of rows that were filled up by repetition.

    References
    ----------
    Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 2002.

    Examples
    --------
    >>> X, y = np.arange(10.0)[:, None], np.repeat([0, 1], [7, 3])
    >>> np.bincount(SMOTE(2, random_state=0).fit_resample(X, y)[1])
    array([7, 7])
    """

    cuts_digits = True

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
        strategy = self.sampling_strategy
        if self.top_up:
            before = dict(zip(*np.unique(y, return_counts=True), strict=True))
            wanted = self.sampling_strategy_.items()
            strategy = {k: before[k] + n for k, n in wanted if before[k] > 1}
        return self._interpolated(X, y, strategy)

    def _interpolated(self, X: Any, y: NDArray[Any], strategy: Any) -> tuple[Any, Any]:
        sampler = imblearn.SMOTE(
            sampling_strategy=strategy,
            k_neighbors=self._search("n_neighbors"),
            random_state=random_state_from(self.random_state),
        )
        return sampler.fit_resample(X, y)  # type: ignore[no-any-return]


class BorderlineSMOTE(TopUpSampler):
    """SMOTE that starts only from the samples in danger, which lie among other classes.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors k within the class, or all that the class has if there are fewer.
    m_neighbors : int, default=10
        Neighbors m over all classes: a sample is in danger if at least half, but not all, of
        them belong to other classes.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    top_up : bool, default=False
        Whether SMOTE fills up the classes left short, such as those without a sample in danger;
        a warning names them either way.
    random_state : int, RandomState or None, default=None
        Draws samples, neighbors and steps.

    Attributes
    ----------
    short_ : dict
        Class -> number of rows by which the method left it short.

    References
    ----------
    Han et al., "Borderline-SMOTE", ICIC 2005.

    Examples
    --------
    >>> import warnings
    >>> X, y = np.array([[0.0], [1.0], [2.0], [8.0], [9.0]]), np.array([0, 0, 0, 1, 1])
    >>> with warnings.catch_warnings():  # class 1 is far away: none of its samples is in danger
    ...     warnings.simplefilter("ignore")
    ...     _, labels = BorderlineSMOTE(1, m_neighbors=1).fit_resample(X, y)
    ...     _, filled = BorderlineSMOTE(1, m_neighbors=1, top_up=True).fit_resample(X, y)
    >>> np.bincount(labels), np.bincount(filled)
    (array([3, 2]), array([3, 3]))
    """

    cuts_digits = True

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        m_neighbors: int = 10,
        sampling_strategy: Strategy = "auto",
        top_up: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.m_neighbors = m_neighbors
        self.top_up = top_up
        self.random_state = random_state

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        sampler = OneSearch(
            sampling_strategy=self.sampling_strategy,
            k_neighbors=self._search("n_neighbors"),
            m_neighbors=self._search("m_neighbors"),
            random_state=random_state_from(self.random_state),
        )
        return sampler.fit_resample(X, y)  # type: ignore[no-any-return]


class SVMSMOTE(TopUpSampler):
    """SMOTE between, and beyond, the support vectors of a class.

    The support vector machine is fitted once, not once per class; the result is the same.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors k within the class, or all that the class has if there are fewer.
    m_neighbors : int, default=10
        Neighbors m over all classes: support vectors whose neighbors all belong to other classes
        are noise and left out.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    top_up : bool, default=False
        Whether SMOTE fills up the classes left short; a warning names them either way.
    random_state : int, RandomState or None, default=None
        Draws samples, neighbors and steps.

    Attributes
    ----------
    short_ : dict
        Class -> number of rows by which the method left it short.

    References
    ----------
    Nguyen et al., "Borderline over-sampling for imbalanced data classification", 2009. EOS's
    figures for "Balanced SVM" fit this method; see `BalancedSVM` for what its text says.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (40, 2)), rng.normal(1.5, 1, (10, 2))])
    >>> y = np.repeat([0, 1], [40, 10])
    >>> np.bincount(SVMSMOTE(3, random_state=0).fit_resample(X, y)[1])
    array([40, 40])
    """

    cuts_digits = True

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        m_neighbors: int = 10,
        sampling_strategy: Strategy = "auto",
        top_up: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.m_neighbors = m_neighbors
        self.top_up = top_up
        self.random_state = random_state

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        sampler = imblearn.SVMSMOTE(
            sampling_strategy=self.sampling_strategy,
            k_neighbors=self._search("n_neighbors"),
            m_neighbors=self._search("m_neighbors"),
            svm_estimator=OnceSVC(random_state=0),  # else NumPy's global state moves
            random_state=random_state_from(self.random_state),
        )
        return sampler.fit_resample(X, y)  # type: ignore[no-any-return]
