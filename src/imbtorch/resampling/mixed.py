"""SMOTE on numbers and categories side by side, which are voted on instead of interpolated."""

from collections.abc import Sequence
from typing import Any

import imblearn.over_sampling as imblearn
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.neighbors import NearestNeighbors

from imbtorch.data.checks import RandomState
from imbtorch.errors import InputError
from imbtorch.places import OverSampler
from imbtorch.resampling.base import Strategy
from imbtorch.resampling.smote import SMOTE
from imbtorch.resampling.up_to import ONE_SAMPLE
from imbtorch.seeding import random_state_from


class MixedSMOTE(SMOTE):
    """SMOTE on rows with one-hot categories, by imbalanced-learn's SMOTENC.

    Numbers are interpolated as in `SMOTE`; each category is the most frequent among the sample's
    neighbors. Rows of categories alone go to imbalanced-learn's SMOTEN.

    Parameters
    ----------
    categorical : sequence of (int, int)
        Blocks of columns, from start to before stop: one is 1 and the others 0, or all are 0. A
        block of one column is 0 or 1.
    n_neighbors, sampling_strategy, top_up, random_state
        See `SMOTE`.

    Attributes
    ----------
    short_ : dict
        Class -> number of rows that were filled up by repetition.

    Raises
    ------
    InputError
        If a block does not lie within the columns, or there is none.

    References
    ----------
    Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 2002, section 6.1.

    Examples
    --------
    >>> X = np.array([[1, 1, 0], [2, 0, 1], [3, 0, 1], [9, 1, 0], [8, 1, 0]] * 2, dtype=np.float32)
    >>> y = np.array([0, 0, 0, 1, 1] * 2)
    >>> rows, labels = MixedSMOTE([(1, 3)], 2, random_state=0).fit_resample(X, y)
    >>> rows[labels == 1][:, 1:].tolist()
    [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    """

    def __init__(
        self,
        categorical: Sequence[tuple[int, int]],
        n_neighbors: int = 5,
        *,
        sampling_strategy: Strategy = "auto",
        top_up: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            n_neighbors,
            sampling_strategy=sampling_strategy,
            top_up=top_up,
            random_state=random_state,
        )
        self.categorical = categorical

    def _interpolated(self, X: Any, y: NDArray[Any], strategy: Any) -> tuple[Any, Any]:
        ends = range(X.shape[1] + 1)
        if not self.categorical or not all(
            start in ends and stop in ends and start < stop for start, stop in self.categorical
        ):
            raise InputError(
                f"categorical is {self.categorical!r}; it must hold blocks (start, stop) of the "
                f"{X.shape[1]} columns of X, at least one"
            )
        given, X = type(X), X.toarray() if issparse(X) else X
        blocks = [np.arange(start, stop) for start, stop in self.categorical]
        numbers = np.setdiff1d(np.arange(X.shape[1]), np.concatenate(blocks))
        codes = np.stack([_codes(X[:, block]) for block in blocks], axis=1)
        options = {
            "sampling_strategy": strategy,
            "random_state": random_state_from(self.random_state),
        }
        if len(numbers):
            places = list(range(len(numbers), len(numbers) + len(blocks)))
            search = self._search("n_neighbors")
            sampler = imblearn.SMOTENC(places, k_neighbors=search, **options)
        else:
            search = _UpTo(n_neighbors=self._search("n_neighbors").n_neighbors)
            sampler = imblearn.SMOTEN(k_neighbors=search, **options)
        rows, labels = sampler.fit_resample(np.hstack([X[:, numbers], codes]), y)
        made = np.zeros((len(rows), X.shape[1]), X.dtype)
        made[:, numbers] = rows[:, : len(numbers)]
        for block, code in zip(blocks, rows[:, len(numbers) :].T, strict=True):
            made[:, block] = code[:, None] == np.arange(1, len(block) + 1)
        return made if given is np.ndarray else given(made), labels


class _UpTo(NearestNeighbors):  # type: ignore[misc]
    """Nearest rows of given distances between them, as `UpToNeighbors` are of features."""

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Return the nearest rows, as many as requested or as there are."""
        if self.n_samples_fit_ == 1:
            raise ValueError(ONE_SAMPLE)
        return super().kneighbors(X, min(self.n_neighbors, self.n_samples_fit_), return_distance)


def _codes(block: NDArray[Any]) -> NDArray[Any]:
    """Return the place of the 1 in each row, counted from 1; 0 if there is none."""
    codes: NDArray[Any] = np.where(block.any(1), block.argmax(1) + 1, 0).astype(block.dtype)
    return codes


def over_sampler_for(train: object, sampler: OverSampler) -> OverSampler:
    """Return the over-sampler to use on a data set: `MixedSMOTE` for `SMOTE` beside categories."""
    blocks = getattr(train, "categorical", ())
    return (
        MixedSMOTE(blocks, **sampler.get_params()) if blocks and type(sampler) is SMOTE else sampler
    )
