"""Base class of the over-samplers: arrays of any shape, and classes filled up to their target."""

import warnings
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from torch import Tensor

from imbtorch.data.array_likes import check_mask, number_labels
from imbtorch.data.checks import RandomState, as_numbers
from imbtorch.errors import InputError
from imbtorch.option_types import is_number
from imbtorch.resampling.apply import as_rows, bounds_of, cannot_resample, resample
from imbtorch.resampling.up_to import UpToNeighbors
from imbtorch.seeding import random_state_from

Strategy: TypeAlias = float | str | Mapping[Any, int] | Callable[..., Mapping[Any, int]]
"""imbalanced-learn's ``sampling_strategy``: which classes are brought to which count."""


def column_kinds(X: Any) -> list[np.dtype[Any]] | None:
    """Return the kinds of numbers in the columns of a data frame; None for all else.

    imbalanced-learn makes one array of a frame, and of what is made there whole numbers by cutting
    their digits off (beyond the bounds of their kind they wrap around), and truths of all that is
    not 0.

    Raises
    ------
    InputError
        If a column holds no numbers: imbalanced-learn would make numbers of what looks like them,
        and NaN of categories.
    """
    if not hasattr(X, "columns"):
        return None
    kinds = [getattr(kind, "kind", "O") for kind in X.dtypes]
    for name, kind, column in zip(X.columns, kinds, X.dtypes, strict=True):
        if kind not in "iubf":
            raise InputError(
                f"column {name!r} of X is of type {column}; only numbers can be interpolated: make "
                "it numbers, encode it (MixedSMOTE takes one-hot columns) or leave it out"
            )
    plain = (getattr(kind, "numpy_dtype", getattr(kind, "subtype", kind)) for kind in X.dtypes)
    return [np.dtype(kind) for kind in plain]


def cast_within(made: NDArray[np.float64], low: Any, high: Any) -> NDArray[Any]:
    """Return numbers in the kind of their bounds, arrays or numbers of NumPy, and within them.

    Examples
    --------
    >>> most = np.int64(2**63 - 1)  # as a float, one more
    >>> cast_within(np.array([float(most), 2.0]), np.int64(0), most) - [most, 0]
    array([0, 2])
    """
    with np.errstate(invalid="ignore"):  # what does not fit is out of bounds and replaced
        cast = made.astype(low.dtype)
    within = np.where(made <= low.astype(np.float64), low, cast)
    return np.where(made >= high.astype(np.float64), high, within)


class TopUpSampler(BaseOverSampler):  # type: ignore[misc]
    """Base class of this library's over-samplers; subclasses implement ``_make``.

    It extends imbalanced-learn's contract with samples of any shape, (N, ...) arrays and Tensors,
    and with `top_up`: a method can make fewer rows of a class than it was asked for. This is
    never silent, and with ``top_up=True`` other methods make the rest.

    Attributes
    ----------
    short_ : dict
        Class -> number of rows by which the method itself left it short.
    """

    takes_tensors = False
    cuts_digits = False
    """Whether `_make` cuts the digits of whole numbers off, as imbalanced-learn does."""
    warns_when_short = True
    top_up: bool
    random_state: RandomState
    sampling_strategy_: dict[Any, int]

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return X and y with synthetic rows appended.

        Parameters
        ----------
        X : array-like, sparse matrix, data frame or Tensor of shape (N, D) or (N, ...)
            Samples. Images can be uint8: synthetic values are rounded to it, and so are those in
            columns of whole numbers and truths of a data frame.
        y : array-like of shape (N,)
            Labels of any kind; integers if X is a Tensor.

        Returns
        -------
        X : of the kind, dtype and device of the input, shape (N', ...)
            The real rows first, unchanged, then the synthetic ones.
        y : of the kind of the input, shape (N',)

        Raises
        ------
        InputError
            If X does not hold numbers alone, if values are missing, masked or infinite, or if a
            class or an argument does not let rows be made; the message says which.
        """
        check_mask(X, "X")
        check_mask(y, "y")
        self._kinds, y = column_kinds(X), number_labels(y)
        if isinstance(X, Tensor):
            labels = as_numbers(y, "y").to(X.device)
            if labels.ndim != 1 or X.ndim < 2 or len(X) != len(labels) or not X.numel():
                raise InputError(
                    f"X has shape {tuple(X.shape)} and y has shape {tuple(labels.shape)}; they "
                    "must be (N, ...) and (N,), without zeros"
                )
            if labels.is_floating_point() and not bool((labels == labels.trunc()).all()):
                raise InputError("y holds values that are not whole numbers; labels are needed")
            if self.takes_tensors and X.ndim == 2 and X.is_floating_point():
                try:
                    return self._fit_resample_tensor(X.detach(), labels)
                except InputError:
                    raise
                except (TypeError, ValueError) as error:
                    raise cannot_resample(self, labels.cpu(), error) from error
            return resample(self, X, labels)
        try:
            if isinstance(X, np.ndarray) and X.ndim > 1:
                if X.dtype == object and not all(isinstance(value, Real) for value in X.flat):
                    raise InputError("X is an array of objects that are not all numbers")
                rows, restore = as_rows(X)
                rows, labels = super().fit_resample(rows, y, **params)
                return restore(rows), labels
            return super().fit_resample(X, y, **params)  # type: ignore[no-any-return]
        except InputError:
            raise
        except (TypeError, ValueError) as error:
            raise cannot_resample(self, y, error) from error

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        # float16, here only a data frame's, would overflow
        new_x, new_y = self._numbers(X.astype(np.float32) if X.dtype == np.float16 else X, y)
        if self._kinds is not None and isinstance(new_x, np.ndarray):
            for column, kind in zip(new_x[len(X) :].T, self._kinds, strict=True):
                if kind != new_x.dtype:
                    whole = column.round() if kind.kind in "iub" else column
                    column[:] = whole.clip(*bounds_of(kind))
        return new_x, new_y

    def _numbers(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        """Return X and y with synthetic rows appended, in X's kind of numbers."""
        if self.cuts_digits and X.dtype.kind in "iub":
            new_x, new_y = self._filled_up(y, *self._make(X.astype(np.float64), y))
            made, low, high = new_x[X.shape[0] :], X.min(), X.max()
            if not issparse(X):
                return np.concatenate([X, cast_within(made.round(), low, high)]), new_y
            values = cast_within(made.data.round(), low, high)
            made = type(X)((values, made.indices, made.indptr), made.shape)
            return vstack([X, made], format=X.format), new_y
        return self._filled_up(y, *self._make(X, y))

    @abstractmethod
    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        """Return X and y with the method's own rows appended."""

    def _fit_resample_tensor(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Resample a Tensor of shape (N, D) on its device."""
        raise NotImplementedError

    def _search(self, name: str) -> UpToNeighbors:
        """Return a search for as many neighbors as argument `name` says, plus the sample itself."""
        number = getattr(self, name)
        if not is_number(number) or not number >= 1 or number % 1:
            raise InputError(f"{name} is {number!r}; it must be a whole number of at least 1")
        return UpToNeighbors(int(number) + 1)

    def _filled_up(self, y: NDArray[Any], new_x: Any, new_y: Any) -> tuple[Any, Any]:
        """Record and report the classes short of their target, and fill them up if asked to."""
        before, after = Counter(np.asarray(y).tolist()), Counter(new_y.tolist())
        wanted = {k: before[k] + n for k, n in self.sampling_strategy_.items() if n}
        self.short_ = {k: n - after[k] for k, n in wanted.items() if after[k] < n}
        if self.short_ and self.warns_when_short:
            warnings.warn(
                f"{type(self).__name__} had too few samples to start from and leaves classes "
                f"short: {', '.join(f'{k} by {n} rows' for k, n in self.short_.items())}; "
                + (
                    "SMOTE fills them up" if self.top_up else "top_up=True fills them up with SMOTE"
                ),
                UserWarning,
                stacklevel=2,
            )
        if not self.short_ or not self.top_up:
            return new_x, new_y
        return self._fill({k: wanted[k] for k in self.short_}, before, new_x, new_y)

    def _fill(
        self, wanted: Mapping[Any, int], before: Mapping[Any, int], x: Any, y: Any
    ) -> tuple[Any, Any]:
        """Bring classes to their target: by SMOTE, or by repetition for a class of one row."""
        single = {k: n for k, n in wanted.items() if before[k] == 1}
        several = {k: n for k, n in wanted.items() if k not in single}
        if several:
            smote = SMOTE(
                sampling_strategy=several,
                k_neighbors=self._search("n_neighbors"),
                random_state=random_state_from(self.random_state),
            )
            x, y = smote.fit_resample(x, y)
        if single:
            random_state = random_state_from(self.random_state)
            ros = RandomOverSampler(sampling_strategy=single, random_state=random_state)
            x, y = ros.fit_resample(x, y)
        return x, y
