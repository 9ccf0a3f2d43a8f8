"""Compute embeddings or logits of a whole data set, in evaluation mode, without augmentation."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from imbtorch.data.arrays import Samples, as_dataset, take
from imbtorch.data.batches import Batches
from imbtorch.data.checks import logits_of
from imbtorch.data.finite import first, not_finite
from imbtorch.data.texts.lengths import by_length, lengths_of
from imbtorch.data.workers import Workers
from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier, check_classifier
from imbtorch.seeding import same_random_state


@same_random_state()
def embed(
    model: Classifier, dataset: Samples, *, batch_size: int = 128, num_workers: int = 0
) -> tuple[Tensor, Tensor]:
    """Return the embeddings and labels of a data set.

    Parameters
    ----------
    model : Classifier
        Its batch statistics are not updated; its mode is restored afterward.
    dataset : Dataset or pair (x, y)
        Yields (x, y), or a pair of arrays.
    batch_size : int, default=128
        Samples per step; small batches fit the processor's cache better.
    num_workers : int, default=0
        Processes that load a Dataset, see `fit`.

    Returns
    -------
    features : Tensor of shape (N, D), float32
        On the device of the model.
    labels : Tensor of shape (N,), int64
        On the same device.

    Examples
    --------
    >>> from imbtorch import ArrayDataset
    >>> from imbtorch.models import mlp
    >>> features, labels = embed(mlp((2,), 3, hidden=5), ArrayDataset(torch.randn(3, 2), [0, 1, 2]))
    >>> features.shape, labels.tolist()
    (torch.Size([3, 5]), [0, 1, 2])
    """
    check_classifier(model)
    with Workers(num_workers) as workers:
        return outputs(model, model.embeddings, dataset, batch_size, workers)


@same_random_state()
def predict_logits(
    model: nn.Module, dataset: Samples, *, batch_size: int = 128, num_workers: int = 0
) -> tuple[Tensor, Tensor]:
    """Return the logits and labels of a data set.

    Parameters
    ----------
    model : nn.Module
        Its batch statistics are not updated; its mode is restored afterward.
    dataset : Dataset or pair (x, y)
        Yields (x, y), or a pair of arrays.
    batch_size : int, default=128
        Samples per step; small batches fit the processor's cache better.
    num_workers : int, default=0
        Processes that load a Dataset, see `fit`.

    Returns
    -------
    logits : Tensor of shape (N, K), float32
        On the device of the model.
    labels : Tensor of shape (N,), int64
        On the same device.

    Examples
    --------
    >>> from imbtorch import ArrayDataset
    >>> from imbtorch.models import mlp
    >>> logits, labels = predict_logits(mlp((2,), 3), ArrayDataset(torch.randn(3, 2), [0, 1, 2]))
    >>> logits.shape
    torch.Size([3, 3])
    """
    with Workers(num_workers) as workers:
        return outputs(model, model, dataset, batch_size, workers)


@torch.no_grad()
def outputs(
    model: nn.Module,
    function: Callable[[Tensor], object],
    dataset: Samples,
    batch_size: int = 128,
    workers: Workers | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what a function of the network makes of each sample, and the labels.

    `embed` and `predict_logits` do the same and leave the global random state as it was; within a
    training run, which has a random state of its own, nothing is to be restored.
    """
    tensors = [*chain(model.parameters(), model.buffers())]  # a head of trees has no parameters
    device = next((t.device for t in tensors), torch.device("cpu"))
    dtype = next((t.dtype for t in tensors if t.is_floating_point()), torch.float32)
    data: Any = as_dataset(dataset)
    if len(data) == 0 or batch_size < 1:
        raise InputError(
            f"dataset has {len(data)} samples and batch_size is {batch_size}; "
            "both must be at least 1"
        )
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        lengths = lengths_of(data)
        order = None if lengths is None else by_length(lengths)
        batches = Batches(data, order, batch_size=batch_size, device=device, workers=workers)
        # other than float32 as in Lightning's "bf16-true" and "64-true"
        parts = [(logits_of(function(_as(dtype, x))).float(), y) for x, y in batches]
    finally:
        for module, training in modes:  # which may differ: a frozen norm, say
            module.training = training
    made, y = torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])
    if order is None:
        return made, y
    back = order.argsort().to(device)
    return made[back], y[back]


def _as(dtype: torch.dtype, x: Tensor) -> Tensor:
    """Return a batch in a network's kind of numbers, if that is not the usual one."""
    return x.to(dtype) if x.is_floating_point() and dtype is not torch.float32 else x


def measured_logits(
    model: nn.Module, dataset: Dataset[Any], name: str, workers: Workers | None = None
) -> tuple[Tensor, Tensor]:
    """Return the logits and labels of a data set that is to be measured.

    Where the network cannot take its samples, or gives NaN (whose argmax is class 0) or what the
    softmax makes NaN of, the InputError says so; `name` is what the user calls the data set.
    """
    try:
        logits, y = outputs(model, model, dataset, workers=workers)
    except InputError:
        raise
    except MISFITS:
        check_takes(model, dataset, name)
        raise  # the first sample fits
    rows = (~logits.flatten(1).amax(1).isfinite()).nonzero().flatten().tolist()
    odd = [row for row in rows if not dataset[row][0].isfinite().all()]
    if odd:
        raise not_finite(name, odd, len(y))
    if rows:
        raise InputError(
            f"the network gives NaN for {len(rows)} of {len(y)} samples of {name} "
            f"({first(rows)}), which are finite: its parameters hold NaN, or they or the samples "
            "are too large"
        )
    return logits, y


MISFITS = (RuntimeError, ValueError, LookupError, TypeError, AttributeError)
"""What networks raise for samples of another shape or dtype."""


def check_takes(model: nn.Module, dataset: Dataset[Any], name: str) -> None:
    """Run the network on the first sample; the InputError says that it cannot take it."""
    sample = dataset[0][0]
    try:
        logits, _ = outputs(model, model, take(dataset, torch.zeros(1, dtype=torch.int64)))
    except InputError:  # of what the network returns, not of the sample
        raise
    except MISFITS as error:
        described = f"shape {tuple(sample.shape)} and dtype {sample.dtype}"
        raise InputError(
            f"model cannot take samples of {described} from {name}: {error}"
        ) from error
    if logits.ndim != 2:
        raise InputError(
            f"the network returned logits of shape {tuple(logits.shape)} for one sample of {name}; "
            "(1, K) is needed: its features must return embeddings (B, D), not a sequence of them"
        )
