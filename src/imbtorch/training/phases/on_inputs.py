"""Classical methods in place of a network: gradient-boosted trees and logistic regression.

What they learn becomes a head on the inputs, so that it is measured, stored and used as any
network is.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Tensor, nn
from torch.utils.data import Dataset

from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier, Normalize, Spec, head_size
from imbtorch.models.tree_head import TreeHead
from imbtorch.seeding import derive_seed
from imbtorch.training.phases.classical_heads import logistic_head
from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.run import Run


class OnInputs(Phase):
    """Base class: a classifier of rows of numbers, with class weights, in place of the network.

    The history has one row: its mean cross-entropy over the training set. The class weights are
    inverse to the class counts.
    """

    def __init__(self) -> None:
        self.epochs = 1

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return equal shares: the weighted classes count alike."""
        return as_shares([1.0] * len(counts))

    def run(self, run: Run) -> None:
        """Leave the network out, fit the classifier, make it the head."""
        with run.timed():
            leave_out_features(run.model, run.train)
            x, y = run.embed(run.train)
            head = self.fitted(x, y, derive_seed(run.seed, type(self).__name__))
            run.change_head(head.to(run.fabric.device))
        with torch.no_grad():
            loss = F.cross_entropy(run.model.head(x), y)
        run.record("inputs", float(loss), 0.0, last=True)

    @abstractmethod
    def fitted(self, x: Tensor, y: Tensor, seed: int) -> nn.Module:
        """Return the head for inputs (N, D) with labels (N,)."""


class LogisticOnInputs(OnInputs):
    """Logistic regression on the standardized inputs, in place of the network.

    It is scikit-learn's, with ``class_weight="balanced"``.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty.

    References
    ----------
    King and Zeng, "Logistic regression in rare events data", Political Analysis 2001: weighting.

    Examples
    --------
    >>> LogisticOnInputs().describe()
    {'phase': 'LogisticOnInputs', 'epochs': 1, 'C': 1.0}
    """

    def __init__(self, C: float = 1.0) -> None:
        if not C > 0:
            raise InputError(f"C is {C}; it must be positive")
        super().__init__()
        self.C = C

    def fitted(self, x: Tensor, y: Tensor, seed: int) -> nn.Module:
        """Return a linear head."""
        return logistic_head(x, y, self.C, class_weight="balanced")


class TreesOnInputs(OnInputs):
    """Gradient-boosted decision trees on the inputs, in place of the network.

    They are scikit-learn's ``HistGradientBoostingClassifier`` with ``class_weight="balanced"`` and
    otherwise its defaults: from 10,000 samples on, it holds a tenth of the training set out and
    stops when that does not improve.

    References
    ----------
    Ke et al., "LightGBM", NeurIPS 2017, which scikit-learn follows.

    Examples
    --------
    >>> from imbtorch import Recipe
    >>> Recipe("trees", [TreesOnInputs()]).epochs
    0
    """

    def fitted(self, x: Tensor, y: Tensor, seed: int) -> nn.Module:
        """Return a head of trees."""
        counts = torch.bincount(y)
        splits = len(y) > 10_000 and int(counts.min()) > 1 and 10 * len(counts) <= len(y)
        booster = HistGradientBoostingClassifier(
            class_weight="balanced", random_state=seed % 2**32, early_stopping=splits
        )
        rows = x.cpu().numpy()
        booster.fit(rows, y.cpu().numpy())
        head = tree_head(booster, x.shape[1])
        some = rows[:1000]
        raw = booster.decision_function(some)
        own = head(torch.from_numpy(some)).numpy()
        own = own[:, 1] - own[:, 0] if raw.ndim == 1 else own
        if not np.allclose(own, raw, rtol=1e-3, atol=1e-3):
            raise RuntimeError("this version of scikit-learn stores its trees in an unknown form")
        return head


def tree_head(booster: HistGradientBoostingClassifier, in_features: int) -> TreeHead:
    """Return the trees of a fitted booster of numeric features without gaps as a head.

    Float thresholds are rounded down: a float32 is at most the one exactly if it is at most the
    other.
    """
    trees = [tree.nodes for row in booster._predictors for tree in row]
    first = np.cumsum([0, *map(len, trees[:-1])])
    nodes = np.concatenate(trees)
    leaf = nodes["is_leaf"].astype(bool)
    offsets = np.repeat(first, [*map(len, trees)])
    itself = np.arange(len(nodes))
    largest = np.finfo(np.float32).max
    exact = nodes["num_threshold"].clip(-largest, largest)
    threshold = exact.astype(np.float32)
    threshold[threshold > exact] = np.nextafter(threshold[threshold > exact], np.float32(-np.inf))
    whole = {
        "roots": first,
        "feature": np.where(leaf, 0, nodes["feature_idx"]),
        "left": np.where(leaf, itself, nodes["left"] + offsets),
        "right": np.where(leaf, itself, nodes["right"] + offsets),
    }
    real = {
        "baseline": booster._baseline_prediction.ravel(),
        "threshold": np.where(leaf, np.float32(0), threshold),
        "value": np.where(leaf, nodes["value"], 0),
    }
    tensors = {name: torch.from_numpy(values.astype(np.int64)) for name, values in whole.items()}
    tensors |= {name: torch.from_numpy(values.astype(np.float32)) for name, values in real.items()}
    return TreeHead(in_features, len(booster.classes_), **tensors)


def leave_out_features(model: Classifier, train: Dataset[Any]) -> None:
    """Let the inputs themselves be a network's embeddings; its normalization stays."""
    layers = list(model.features.children())
    if layers and all(isinstance(layer, (Normalize, nn.Flatten)) for layer in layers):
        return
    size = len(train[0][0])
    normalize = layers[0] if layers and isinstance(layers[0], Normalize) else None
    normalize = normalize or Normalize(torch.zeros(size), torch.ones(size))
    model.features = nn.Sequential(normalize, nn.Flatten())
    classes = head_size(model.head)[1]
    model.spec = Spec(name="linear", input_shape=[size], num_classes=classes, head="linear")


def alone(
    epochs: int, loss: Mapping[str, Callable[..., object]], *, phase: Callable[..., Phase]
) -> list[Phase]:
    """Return the one phase of a method that trains no network; epochs and loss are not its own."""
    return [phase()]
