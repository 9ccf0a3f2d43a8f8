"""What a trained network makes of the held-out samples."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imbtorch.data.arrays import ArrayDataset, Samples
from imbtorch.metrics.decision import Decision
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import embed


@dataclass(frozen=True)
class Decided:
    """What a decision makes of the N held-out samples.

    Attributes
    ----------
    decision : Decision
        Chosen on the validation split.
    classes : ndarray of shape (N,)
        The classes decided for.
    costs : ndarray of shape (N,), optional
        What each costs, if the decision was chosen for costs.
    """

    decision: Decision
    classes: NDArray[np.int64]
    costs: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Outputs:
    """What a trained network makes of the N held-out samples, in the order of the test set.

    Attributes
    ----------
    features : Tensor of shape (N, D)
        Embeddings.
    labels : Tensor of shape (N,)
        True classes 0..K-1.
    predicted : Tensor of shape (N,)
        The most probable classes.
    probabilities : Tensor of shape (N, K)
        Class probabilities, not corrected and not calibrated.
    decided : Decided, optional
        What the network's decision makes of them, if one is chosen.
    """

    features: Tensor
    labels: Tensor
    predicted: Tensor
    probabilities: Tensor
    decided: Decided | None = None


def outputs_of(model: Classifier, dataset: Samples, num_workers: int = 0) -> Outputs:
    """Return what a trained network makes of the samples of a data set."""
    features, labels = embed(model, dataset, num_workers=num_workers)
    with torch.no_grad():
        logits = model.head(features)
    return Outputs(features, labels, logits.argmax(1), model.probabilities(logits))


def embedded(model: Classifier, dataset: Samples, num_workers: int = 0) -> ArrayDataset:
    """Return the embeddings of the samples of a data set, with their labels."""
    return ArrayDataset(*embed(model, dataset, num_workers=num_workers))
