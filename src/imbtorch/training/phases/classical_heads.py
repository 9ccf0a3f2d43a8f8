"""Heads that are not trained by gradient descent: logistic regression and nearest neighbors."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.option_types import check_whole
from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.run import Run


class LogisticHead(Phase):
    """Replace the head with logistic regression on the trained network's embeddings.

    It is scikit-learn's, on standardized embeddings (the scale is folded into the weights).

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), section 4.2: DOS-LR, and CNN-CL's AUPRC.

    Examples
    --------
    >>> from imbtorch import Recipe, Train
    >>> Recipe("cnn-lr", [Train(8), LogisticHead()]).epochs
    8
    """

    def __init__(self, C: float = 1.0) -> None:
        if not C > 0:
            raise InputError(f"C is {C}; it must be positive")
        self.epochs, self.C = 0, C

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return the class shares of the data."""
        return as_shares(counts)

    def run(self, run: Run) -> None:
        """Embed, fit, replace the network's head."""
        with run.timed():
            head = logistic_head(*run.embed(run.train), self.C)
            run.change_head(head.to(run.fabric.device))


def logistic_head(x: Tensor, y: Tensor, C: float, class_weight: str | None = None) -> nn.Linear:
    """Return scikit-learn's logistic regression as a linear head.

    Parameters
    ----------
    x : Tensor of shape (N, D)
        Embeddings; they are standardized, and the scale is folded into the weights.
    y : Tensor of shape (N,)
        Their labels 0..K-1.
    C : float
        Inverse strength of the L2 penalty.
    class_weight : {"balanced"}, optional
        Class weights inverse to the class counts.

    Raises
    ------
    InputError
        If all labels are the same.
    """
    features, labels = x.cpu().numpy(), y.cpu().numpy()
    if len(labels) and (labels == labels[0]).all():
        raise InputError(f"y holds the label {labels[0]} alone; logistic regression needs two")
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=C, tol=1e-3, max_iter=1000, class_weight=class_weight)
    model.fit(scaler.transform(features), labels)
    weight, bias = model.coef_ / scaler.scale_, model.intercept_
    bias = bias - weight @ scaler.mean_
    if len(bias) == 1:  # for two classes, scikit-learn keeps only their difference
        weight, bias = np.concatenate([-weight, weight]) / 2, np.append(-bias, bias) / 2
    head = nn.Linear(features.shape[1], len(bias))
    with torch.no_grad():
        head.weight.copy_(torch.as_tensor(weight))
        head.bias.copy_(torch.as_tensor(bias))
    return head


class NearestHead(Phase):
    """Replace the head with k nearest neighbors on the embeddings, see `NeighborHead`.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors k.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), section 4.2: DOS-kNN, and CNN-CL except for its AUPRC.

    Examples
    --------
    >>> NearestHead(3).describe()
    {'phase': 'NearestHead', 'epochs': 0, 'n_neighbors': 3}
    """

    def __init__(self, n_neighbors: int = 5) -> None:
        self.epochs, self.n_neighbors = 0, check_whole("n_neighbors", n_neighbors, 1)

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return the class shares of the data."""
        return as_shares(counts)

    def run(self, run: Run) -> None:
        """Embed, replace the network's head."""
        with run.timed():
            features, labels = run.embed(run.train)
            run.change_head(NeighborHead(features, labels, len(run.counts), self.n_neighbors))
