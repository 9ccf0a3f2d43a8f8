"""Compute embeddings or logits of a whole data set, in evaluation mode, without augmentation."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.data.arrays import Samples, as_dataset
from imbtorch.data.batches import Batches
from imbtorch.data.checks import logits_of
from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier, check_classifier
from imbtorch.seeding import same_random_state


@same_random_state()
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
    check_classifier(model)
    return outputs(model, model.embeddings, dataset, batch_size)


@same_random_state()
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
    return outputs(model, model, dataset, batch_size)


@torch.no_grad()
def outputs(
    model: nn.Module, function: Callable[[Tensor], object], dataset: Samples, batch_size: int = 128
) -> tuple[Tensor, Tensor]:
    """Return what a function of the network makes of each sample, and the labels.

    `embed` and `predict_logits` do the same and leave the global random state as it was; within a
    training run, which has a random state of its own, nothing is to be restored.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    data: Any = as_dataset(dataset)
    if len(data) == 0 or batch_size < 1:
        raise InputError(
            f"dataset has {len(data)} samples and batch_size is {batch_size}; "
            "both must be at least 1"
        )
    training = model.training
    model.eval()
    try:
        batches = Batches(data, batch_size=batch_size, device=device)
        parts = [(logits_of(function(x)).float(), y) for x, y in batches]
    finally:
        model.train(training)
    return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])
