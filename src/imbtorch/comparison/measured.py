"""What is measured of a trained network: on the held-out samples, and of its embeddings."""

from collections.abc import Sequence
from typing import Any

from imbtorch.comparison.outputs import Outputs
from imbtorch.data.arrays import ArrayDataset
from imbtorch.metrics.classification import classification_metrics
from imbtorch.metrics.gap import embedding_measures
from imbtorch.models.classifier import Classifier


def measured(
    model: Classifier,
    train: ArrayDataset,
    made: Outputs,
    counts: Sequence[int],
    class_shares: Sequence[float],
) -> dict[str, Any]:
    """Return the entries ``metrics`` and ``embedding`` of a result row.

    Parameters
    ----------
    model : Classifier
        Trained network.
    train : ArrayDataset
        Embeddings of the training samples, with labels.
    made : Outputs
        What the network makes of the held-out samples.
    counts : sequence of int
        Class counts of the training set.
    class_shares : sequence of float
        The class shares that the network expects.
    """
    x, y, p = made.features, made.labels, made.probabilities
    return {
        "metrics": classification_metrics(y, made.predicted, counts, p, class_shares),
        "embedding": embedding_measures(model.head, train.x.cpu(), train.y.cpu(), x, y),
    }
