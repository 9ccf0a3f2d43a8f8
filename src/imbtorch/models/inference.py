"""Compute embeddings or logits of a whole data set, in evaluation mode, without augmentation."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.data.arrays import Samples, as_dataset
from imbtorch.data.batches import Batches
from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier


def embed(model: Classifier, dataset: Samples, *, batch_size: int = 128) -> tuple[Tensor, Tensor]:
    """Return the embeddings and labels of a data set.

    Parameters
    ----------
    model : Classifier
        Its batch statistics are not updated; its mode is restored afterward.
    dataset : Dataset or pair (x, y)
        Yields (x, y), or a pair of arrays.
    batch_size : int, default=128
        Samples per step; small batches fit the processor's cache better.

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
    return _apply(model, model.features, dataset, batch_size)


def predict_logits(
    model: nn.Module, dataset: Samples, *, batch_size: int = 128
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
    return _apply(model, model, dataset, batch_size)


@torch.no_grad()
def _apply(
    model: nn.Module, function: Callable[[Tensor], Tensor], dataset: Any, batch_size: int
) -> tuple[Tensor, Tensor]:
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    dataset = as_dataset(dataset)
    if len(dataset) == 0 or batch_size < 1:
        raise InputError(
            f"dataset has {len(dataset)} samples and batch_size is {batch_size}; "
            "both must be at least 1"
        )
    training = model.training
    model.eval()
    try:
        batches = Batches(dataset, batch_size=batch_size, device=device)
        parts = [(function(x).float(), y) for x, y in batches]
    finally:
        model.train(training)
    return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])
