"""A user's script through every door: ``mypy --strict`` checks it, and it runs as a test."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from imbtorch import (
    ArrayDataset,
    FitResult,
    Recipe,
    RefitHead,
    Setup,
    Snapshots,
    Train,
    build_model,
    evaluate,
    fit,
    join_head,
    load_checkpoint,
    load_data,
    make_recipe,
    save_checkpoint,
    split_head,
)
from imbtorch.data import class_counts, exponential_counts, make_imbalanced, shot_groups
from imbtorch.losses import FocalLoss, LDAMLoss, effective_number_weights
from imbtorch.metrics import correct_prior, generalization_gap
from imbtorch.models import CosineHead, embed, mlp
from imbtorch.resampling import EOS, SMOTE
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier
from imbtorch.training import DeepOversample, Pretrained
from imbtorch.transforms import AOS, M2m


class Noise:
    """A batch transform of one's own."""

    def __init__(self, class_counts: Sequence[int], seed: int, sigma: float = 0.1) -> None:
        self.rng, self.sigma = torch.Generator().manual_seed(seed), sigma

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        return x + self.sigma * torch.randn(x.shape, generator=self.rng), y


class Smoothed(nn.CrossEntropyLoss):
    """A loss of one's own."""

    def __init__(self, class_counts: Sequence[int], weight: Tensor | None = None) -> None:
        super().__init__(weight, label_smoothing=1 / len(class_counts))


def blocks(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Take blocks into a loop of one's own."""
    counts = class_counts(ArrayDataset(x, y))
    sampler = ClassBalancedSampler(y.numpy(), seed=0)
    sampler.set_epoch(0)
    rows = torch.tensor(list(sampler))
    network = mlp((2,), 3)
    loss = LDAMLoss(counts, weight=effective_number_weights(counts))
    loss(CosineHead(2, 3)(x[rows]), y[rows]).backward()
    m2m = M2m(mlp((2,), 3), counts, seed=0)
    x, y = m2m(x[rows], y[rows], network)
    return AOS(counts, seed=0)(x, y, network)


def recipes() -> list[Recipe]:
    """Write recipes, by name and by hand."""
    by_hand = Recipe(
        "by hand",
        [
            Train(2, loss=Smoothed, batch=partial(Noise, sigma=0.2)),
            Train(1, loss=partial(FocalLoss, gamma=2.0), sampler=ClassBalancedSampler),
            Train(1, weights=effective_number_weights, resample=partial(SMOTE, n_neighbors=3)),
            Train(1, loss=nn.CrossEntropyLoss, weights=torch.tensor([1.0, 1.0, 1.0])),
            DeepOversample(1, k_minority=3),
            RefitHead(2, resample=EOS(n_neighbors=5, random_state=0)),
        ],
    )
    return [by_hand, make_recipe("ldam+drw+eos:k=5", epochs=3)]


def trained(x: Tensor, y: Tensor, folder: Path) -> list[float]:
    """Train by recipes, store and load, and measure."""
    counts, found = class_counts(ArrayDataset(x, y)), []
    for recipe in recipes():
        model = build_model("mlp", (2,), 3, seed=0)
        result: FitResult = fit(
            recipe,
            model,
            (x, y),
            (x, y),
            setup=Setup(batch_size=16, lr=0.05),
            pretrained=Pretrained(mlp((2,), 3)),
            snapshots=Snapshots(folder / "snapshots"),
        )
        save_checkpoint(folder / "model.safetensors", result.model, {"note": "mine"})
        loaded, header = load_checkpoint(folder / "model.safetensors")
        metrics = evaluate(loaded, (x.numpy(), y.numpy()), counts, shots=(10, 50))
        found.append(metrics["balanced_accuracy"] + 0 * len(header))
        features, labels = embed(loaded, (x, y))
        found.append(generalization_gap(features, labels, features, labels).overall)
        worst: float = min(metrics["recall"])
        found.append(worst)
    return found


def estimators(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Use scikit-learn's contract."""
    head = EmbeddingHead("smote:k=3", random_state=0).fit(x, y)
    model = ImbalancedClassifier("rs", epochs=1, random_state=0).fit(x, y)
    shares = np.bincount(y).tolist()
    corrected = correct_prior(model.predict_proba(x), model.class_shares_, shares)
    return np.concatenate([head.predict(x), model.predict(x), corrected.argmax(1)])


def data() -> int:
    """Make balanced data imbalanced, or load some."""
    y = np.arange(300) % 3
    kept = make_imbalanced(y, exponential_counts(100, 3, 10), data_seed=0)
    groups = shot_groups(np.bincount(y[kept]).tolist())
    loaded = load_data("digits", profile="step:0.3", ratio=10)
    return int(groups["many"].sum()) + sum(loaded.counts)


def own_network() -> nn.Module:
    """Split a network of one's own, and put it together again."""
    network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
    return join_head(split_head(network, "2"), "2")
