"""Run any `fit_resample` sampler on tensors of any shape."""

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.errors import InputError


class Resampler(Protocol):
    """imbalanced-learn's contract: arrays in, more arrays out."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X of shape (N', D) and y of shape (N',)."""


def resample(sampler: Resampler, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Apply a sampler to samples of any shape; images stay images, on their device.

    Parameters
    ----------
    sampler : object with ``fit_resample(X, y)``
        EOS, or any over- or under-sampler of imbalanced-learn.
    x : Tensor of shape (N, ...)
        Samples, uint8 or float.
    y : Tensor of shape (N,), int64
        Labels.

    Returns
    -------
    x : Tensor of shape (N', ...)
        Of the dtype and on the device of the input; uint8 is rounded.
    y : Tensor of shape (N',), int64

    Raises
    ------
    InputError
        If the sampler cannot work on these classes; its reason is passed on.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> x, y = torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 1])
    >>> x, y = resample(RandomOverSampler(random_state=0), x, y)
    >>> x.shape, y.tolist()
    (torch.Size([4, 1, 2, 2]), [0, 0, 1, 1])
    """
    images = x.dtype == torch.uint8
    tensors = getattr(sampler, "takes_tensors", False) and not images
    flat: Any = x.flatten(1) if tensors else x.flatten(1).cpu().numpy()
    if images:
        flat = flat.astype(np.float32)
    try:
        rows, labels = sampler.fit_resample(flat, y if tensors else y.cpu().numpy())
    except InputError:
        raise
    except ValueError as error:
        name, counts = type(sampler).__name__, torch.bincount(y).tolist()
        raise InputError(f"{name} cannot resample class counts {counts}: {error}") from error
    if tensors:
        return rows.view(-1, *x.shape[1:]), labels
    out = torch.from_numpy(np.ascontiguousarray(rows)).view(-1, *x.shape[1:])
    if images:
        out = out.round().clamp(0, 255)
    return out.to(x.device, x.dtype), torch.from_numpy(np.asarray(labels)).to(y.device)


def resample_dataset(sampler: Resampler, dataset: Dataset[Any]) -> ArrayDataset:
    """Apply a sampler to a data set in memory; see `resample`."""
    if not isinstance(dataset, ArrayDataset):
        raise InputError(
            f"train is a {type(dataset).__name__}; resampling needs it in memory, as arrays (x, y)"
        )
    return ArrayDataset(*resample(sampler, dataset.x, dataset.y), dataset.classes)
