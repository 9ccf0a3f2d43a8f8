"""Apply any ``fit_resample`` sampler to samples of any shape."""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
import torch
from imblearn.utils import check_sampling_strategy
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.pairs import PairDataset
from imbtorch.errors import InputError
from imbtorch.places import OverSampler, preset


def resample(sampler: OverSampler, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Apply a sampler to samples of any shape; images stay images, on their device.

    Parameters
    ----------
    sampler : object with ``fit_resample(X, y)``
        EOS, or any over- or under-sampler from imbalanced-learn.
    x : Tensor of shape (N, ...)
        Samples, uint8 or float.
    y : Tensor of shape (N,), int64
        Labels.

    Returns
    -------
    x : Tensor of shape (N', ...)
        With the dtype and on the device of the input; uint8 values are rounded.
    y : Tensor of shape (N',), int64

    Raises
    ------
    InputError
        If the sampler cannot handle these classes; the message includes its reason.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> x, y = torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 1])
    >>> x, y = resample(RandomOverSampler(random_state=0), x, y)
    >>> x.shape, y.tolist()
    (torch.Size([4, 1, 2, 2]), [0, 0, 1, 1])
    """
    x = x.detach()
    tensors = getattr(sampler, "takes_tensors", False) and x.is_floating_point()
    try:
        if tensors:
            rows, labels = sampler.fit_resample(x.flatten(1), y)
            return rows.view(-1, *x.shape[1:]), labels  # type: ignore[attr-defined, return-value]
        # NumPy has no bfloat16
        array = (x.float() if x.dtype is torch.bfloat16 else x).cpu().numpy()
        flat, restore = as_rows(array)
        if getattr(sampler, "takes_images", False):
            flat, restore = array, np.asarray
        made, targets = sampler.fit_resample(flat, y.cpu().numpy())
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise cannot_resample(sampler, y.cpu().numpy(), error) from error
    out = torch.from_numpy(np.ascontiguousarray(restore(np.asarray(made))))
    return out.to(x), torch.from_numpy(np.asarray(targets)).to(y.device)


def counts_after(sampler: object, counts: Sequence[int]) -> list[int]:
    """Return the class counts that a sampler is to bring the given ones to.

    Parameters
    ----------
    sampler : class, ``functools.partial`` or object with ``fit_resample(X, y)``
        Its ``sampling_strategy`` counts; what it has too few samples to make does not.
    counts : sequence of int
        Class counts n_k; a class without samples gets none.

    Examples
    --------
    >>> from functools import partial
    >>> from imblearn.over_sampling import SMOTE
    >>> counts_after(SMOTE, [90, 10]), counts_after(partial(SMOTE, sampling_strategy=0.5), [90, 10])
    ([90, 90], [90, 45])
    """
    made: object = sampler
    options = getattr(sampler, "__dict__", {})
    if isinstance(sampler, partial):
        made, options = sampler.func, preset(sampler)
    kind = getattr(made, "_sampling_type", "over-sampling")
    if kind not in ("over-sampling", "under-sampling"):  # cleaned: only the data say
        return [*counts]
    strategy = options.get("sampling_strategy", "auto")
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        found = check_sampling_strategy(strategy, y, kind)
    except ValueError as error:
        raise cannot_resample(sampler, y, error) from error
    if kind == "under-sampling":
        return [int(found.get(k, n)) for k, n in enumerate(counts)]
    return [int(n + found.get(k, 0)) for k, n in enumerate(counts)]


def cannot_resample(sampler: object, y: object, error: Exception) -> InputError:
    """Return the error for a sampler that refuses its input; it includes the sampler's reason."""
    name, reason = type(sampler).__name__, " ".join(str(error).split())
    try:
        counts = np.unique(np.asarray(y)[:], return_counts=True)[1].tolist()
    except (TypeError, IndexError, ValueError):  # no list of labels at all
        return InputError(f"{name} cannot resample these: {reason}")
    return InputError(f"{name} cannot resample class counts {counts}: {reason}")


def bounds_of(kind: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the least and the largest value of a kind of numbers, or of truths.

    Examples
    --------
    >>> [[int(bound) for bound in bounds_of(np.dtype(kind))] for kind in (np.int8, bool)]
    [[-128, 127], [0, 1]]
    """
    if kind.kind == "b":
        return kind.type(False), kind.type(True)
    limits: Any = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    return kind.type(limits.min), kind.type(limits.max)


def as_rows(
    x: NDArray[np.generic],
) -> tuple[NDArray[np.generic], Callable[[NDArray[np.generic]], NDArray[np.generic]]]:
    """Return samples as rows of numbers, and a function that restores their shape and dtype.

    Numbers of 8 or 16 bits and truths become float32 on the way: their differences would wrap
    around or overflow, or are none.

    Examples
    --------
    >>> rows, restore = as_rows(np.zeros((2, 3, 3), np.uint8))
    >>> rows.shape, rows.dtype, restore(rows + 7.6)[0, 0]
    ((2, 9), dtype('float32'), array([8, 8, 8], dtype=uint8))
    """
    flat = x.reshape(len(x), prod(x.shape[1:]))
    narrow = x.dtype.kind in "biuf" and x.dtype.itemsize <= 2

    def restore(rows: NDArray[np.generic]) -> NDArray[np.generic]:
        rows = rows.reshape(-1, *x.shape[1:])
        if narrow:
            low, high = bounds_of(x.dtype)
            rows = rows.astype(np.float32)
            rows = (rows if x.dtype.kind == "f" else rows.round()).clip(float(low), float(high))
        return rows.astype(x.dtype, copy=False)

    return flat.astype(np.float32) if narrow else flat, restore


def resample_dataset(sampler: OverSampler, dataset: Dataset[object]) -> ArrayDataset:
    """Apply a sampler to a data set that is in memory; see `resample`."""
    if not isinstance(dataset, ArrayDataset):
        given = dataset.dataset if isinstance(dataset, PairDataset) else dataset
        raise InputError(
            f"train is a {type(given).__name__}; resampling needs it in memory, as arrays (x, y)"
        )
    x, y = resample(sampler, dataset.x, dataset.y)
    return dataset.with_samples(x, y)
