"""What a trained network makes of the held-out samples."""

from dataclasses import dataclass

import torch
from torch import Tensor

from imbtorch.data.arrays import Samples
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import embed


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
    """

    features: Tensor
    labels: Tensor
    predicted: Tensor
    probabilities: Tensor


def outputs_of(model: Classifier, dataset: Samples) -> Outputs:
    """Return what a trained network makes of the samples of a data set."""
    features, labels = embed(model, dataset)
    with torch.no_grad():
        logits = model.head(features)
    return Outputs(features, labels, logits.argmax(1), model.probabilities(logits))
