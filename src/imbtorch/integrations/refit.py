"""A fit of an estimator is done whole or not at all."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

Estimator = TypeVar("Estimator")
Arguments = ParamSpec("Arguments")


def whole_or_not_at_all(
    fit: Callable[Concatenate[Estimator, Arguments], Estimator],
) -> Callable[Concatenate[Estimator, Arguments], Estimator]:
    """Make a fit that fails leave its estimator as it was: unfitted, or fitted to other data.

    Examples
    --------
    >>> class Mean:
    ...     @whole_or_not_at_all
    ...     def fit(self, X):
    ...         self.number_ = len(X)
    ...         self.mean_ = sum(X) / self.number_
    ...         return self
    >>> mean = Mean().fit([1, 2])
    >>> mean.fit([])
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> vars(mean)
    {'number_': 2, 'mean_': 1.5}
    """

    @wraps(fit)
    def fitted(self: Estimator, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Estimator:
        before = dict(vars(self))
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fitted
