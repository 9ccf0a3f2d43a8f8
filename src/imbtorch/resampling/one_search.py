"""imbalanced-learn's samplers without the work that they repeat for every class."""

from typing import Any

import imblearn.over_sampling as imblearn
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import SVC

from imbtorch.resampling.search import BLOCK


class OneSearch(imblearn.BorderlineSMOTE):  # type: ignore[misc]
    """imbalanced-learn's Borderline-SMOTE, with one search among all rows for all classes.

    The original fits that search, and copies all rows made so far, once for every class. The
    result is the same.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 2)), np.repeat([0, 1, 2], [30, 20, 10])
    >>> ours, theirs = (
    ...     sampler(random_state=0).fit_resample(X, y)[0]
    ...     for sampler in (OneSearch, imblearn.BorderlineSMOTE)
    ... )
    >>> np.array_equal(ours, theirs)
    True
    """

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        self._validate_estimator()
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n}
        rows = np.flatnonzero(np.isin(y, list(wanted)))
        in_danger = self._in_danger(X, y, rows) if wanted else np.zeros(0, bool)
        made, labels, self.in_danger_indices = [X], [y], {}
        for label, n in wanted.items():
            danger = rows[in_danger & (y[rows] == label)]
            if len(danger):
                self.in_danger_indices[label] = danger
                own, starts = X[y == label], X[danger]
                self.nn_k_.fit(own)
                nearest = self.nn_k_.kneighbors(starts, return_distance=False)[:, 1:]
                new_x, new_y = self._make_samples(starts, y.dtype, label, own, nearest, n)
                made.append(new_x)
                labels.append(new_y)
        dense = not sparse.issparse(X)
        stacked = np.concatenate(made) if dense else sparse.vstack(made, format=X.format)
        return stacked, np.concatenate(labels)

    def _in_danger(self, X: Any, y: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which rows have at least half, but not all, of their neighbors in other classes."""
        self.nn_m_.fit(X)
        m = self.nn_m_.n_neighbors - 1
        others = np.empty(len(rows), np.int64)
        step = max(1, 4 * BLOCK // max(4 * m, X.shape[1]))  # rows and neighbors in memory
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            found = self.nn_m_.kneighbors(X[block], return_distance=False)[:, 1:]
            others[start : start + step] = (y[found] != y[block, None]).sum(1)
        danger: NDArray[np.bool_] = (others >= m / 2) & (others < m)
        return danger


class OnceSVC(SVC):  # type: ignore[misc]
    """A support vector classifier that is not fitted again on the same data.

    imbalanced-learn's ``SVMSMOTE`` fits the same machine on the same data for every class it
    over-samples; with this one as ``svm_estimator=``, it does so only for the first class.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> machine = OnceSVC().fit(X, y)
    >>> first = machine.support_
    >>> machine.fit(X, y).support_ is first, machine.fit(X.copy(), y).support_ is first
    (True, False)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "OnceSVC":
        """Fit, unless the last fit was on these very objects."""
        seen = (X, y, sample_weight)
        if not all(a is b for a, b in zip(seen, getattr(self, "_seen", (None,) * 3), strict=True)):
            super().fit(X, y, sample_weight)
            self._seen = seen
        return self
