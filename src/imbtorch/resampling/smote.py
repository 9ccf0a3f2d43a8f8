"""SMOTE and its relatives, as imbalanced-learn has them, on this library's neighbour search."""

import warnings
from collections import Counter
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE, SVMSMOTE, BorderlineSMOTE
from sklearn.base import BaseEstimator, clone
from sklearn.svm import SVC

from imbtorch.errors import InputError
from imbtorch.resampling.up_to import UpToNeighbors


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
        Neighbours k within the class, or all it has if they are fewer.
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
    return SMOTE(k_neighbors=UpToNeighbors(n_neighbors + 1), random_state=random_state)


class Checked(BaseEstimator):  # type: ignore[misc]
    """An over-sampler that says where it leaves a class short, and fills it up on request.

    Borderline-SMOTE leaves out classes without a sample in danger, and neither it nor SVM-SMOTE
    says a word where they make fewer rows than they were asked for.

    Parameters
    ----------
    sampler : over-sampler of imbalanced-learn
        Gets the first word.
    top_up : bool, default=False
        Whether SMOTE fills up the classes left short; a warning names them either way.
    n_neighbors : int, default=5
        Neighbours k of that SMOTE.
    random_state : int, RandomState or None, default=None
        Random state of that SMOTE.

    Attributes
    ----------
    sampler_ : object
        The fitted copy of `sampler`.
    short_ : dict
        Class -> how many rows `sampler` left it short.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0], [8.0], [9.0]]), np.array([0, 0, 0, 1, 1])
    >>> with warnings.catch_warnings():  # class 1 lies apart: none of its samples is in danger
    ...     warnings.simplefilter("ignore")
    ...     _, labels = borderline_smote(1, m_neighbors=1, random_state=0).fit_resample(X, y)
    ...     _, filled = borderline_smote(1, m_neighbors=1, top_up=True).fit_resample(X, y)
    >>> np.bincount(labels), np.bincount(filled)
    (array([3, 2]), array([3, 3]))
    """

    def __init__(
        self, sampler: Any, *, top_up: bool = False, n_neighbors: int = 5, random_state: Any = None
    ) -> None:
        self.sampler = sampler
        self.top_up = top_up
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y with the sampler's rows appended, and SMOTE's after them."""
        if np.ndim(y) != 1:
            raise InputError(f"y has shape {np.shape(y)}; labels of shape (N,) are needed")
        self.sampler_ = clone(self.sampler)
        new_x, new_y = self.sampler_.fit_resample(X, y)
        before, after = Counter(np.asarray(y).tolist()), Counter(np.asarray(new_y).tolist())
        wanted = {k: before[k] + n for k, n in self.sampler_.sampling_strategy_.items() if n}
        self.short_ = {k: n - after[k] for k, n in wanted.items() if after[k] < n}
        if not self.short_:
            return new_x, new_y
        warnings.warn(
            f"{type(self.sampler).__name__} had too few samples to start from and leaves "
            f"classes short: {', '.join(f'{k} by {n} rows' for k, n in self.short_.items())}; "
            + ("SMOTE fills them up" if self.top_up else "top_up=True fills them up by SMOTE"),
            UserWarning,
            stacklevel=2,
        )
        if not self.top_up:
            return new_x, new_y
        filler = smote(self.n_neighbors, self.random_state)
        filler.sampling_strategy = {k: wanted[k] for k in self.short_}
        return filler.fit_resample(new_x, new_y)  # type: ignore[no-any-return]


def borderline_smote(
    n_neighbors: int = 5, m_neighbors: int = 10, top_up: bool = False, random_state: Any = None
) -> Checked:
    """Return Borderline-SMOTE: SMOTE that starts from the samples in danger alone.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k within the class, or all it has if they are fewer.
    m_neighbors : int, default=10
        Neighbours m over all classes: a sample is in danger if at least half, but not all, of
        them are of other classes.
    top_up : bool, default=False
        See `Checked`.
    random_state : int, RandomState or None, default=None
        Draws samples, neighbours and steps.

    Returns
    -------
    Checked

    References
    ----------
    Han et al., "Borderline-SMOTE", ICIC 2005.
    """
    sampler = BorderlineSMOTE(
        k_neighbors=UpToNeighbors(n_neighbors + 1),
        m_neighbors=UpToNeighbors(m_neighbors + 1),
        random_state=random_state,
    )
    return Checked(sampler, top_up=top_up, n_neighbors=n_neighbors, random_state=random_state)


def svm_smote(
    n_neighbors: int = 5, m_neighbors: int = 10, top_up: bool = False, random_state: Any = None
) -> Checked:
    """Return SVM-SMOTE: SMOTE between, and beyond, the support vectors of a class.

    The support vector machine is fitted once, not once a class; the result is the same.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k within the class, or all it has if they are fewer.
    m_neighbors : int, default=10
        Neighbours m over all classes: support vectors with all of them in other classes are
        noise and left out.
    top_up : bool, default=False
        See `Checked`.
    random_state : int, RandomState or None, default=None
        Draws samples, neighbours and steps.

    Returns
    -------
    Checked

    References
    ----------
    Nguyen et al., "Borderline over-sampling for imbalanced data classification", 2009. EOS's
    figures for "Balanced SVM" fit this; see `BalancedSVM` for what its text says.
    """
    sampler = SVMSMOTE(
        k_neighbors=UpToNeighbors(n_neighbors + 1),
        m_neighbors=UpToNeighbors(m_neighbors + 1),
        svm_estimator=OnceSVC(),
        random_state=random_state,
    )
    return Checked(sampler, top_up=top_up, n_neighbors=n_neighbors, random_state=random_state)


class BalancedSVM(BaseEstimator):  # type: ignore[misc]
    """SMOTE, then every synthetic row takes the label that a support vector machine gives it.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours k of SMOTE within the class, or all it has if they are fewer.
    random_state : int, RandomState or None, default=None
        Random state of SMOTE.

    Attributes
    ----------
    svm_ : sklearn.svm.SVC
        The machine.

    Notes
    -----
    As rows change their class, the classes need not come out even. The text names no machine:
    here one with a Gaussian kernel and balanced class weights, fitted on the real rows, whose
    labels stay.

    References
    ----------
    EOS (Dablain et al.), section II: "Balanced SVM", after Farquad and Bose, 2012.

    Examples
    --------
    >>> X, y = np.arange(20.0)[:, None] % 7, np.repeat([0, 1], [14, 6])
    >>> new_X, new_y = BalancedSVM(3, random_state=0).fit_resample(X, y)
    >>> len(new_y), bool((new_y[:20] == y).all())
    (28, True)
    """

    def __init__(self, n_neighbors: int = 5, *, random_state: Any = None) -> None:
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y with relabelled synthetic rows appended."""
        new_x, new_y = smote(self.n_neighbors, self.random_state).fit_resample(X, y)
        self.svm_ = SVC(class_weight="balanced").fit(X, y)
        if len(new_y) > len(y):
            new_y[len(y) :] = self.svm_.predict(new_x[len(y) :])
        return new_x, new_y
