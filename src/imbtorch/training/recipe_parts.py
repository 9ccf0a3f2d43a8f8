"""What the recipes by name are made of: losses, methods and heads."""

from collections.abc import Callable
from functools import partial
from typing import Any

from imblearn.over_sampling import RandomOverSampler

from imbtorch.data.samplers import ClassBalancedSampler
from imbtorch.losses.asymmetric import AsymmetricLoss
from imbtorch.losses.balanced_softmax import BalancedSoftmaxLoss
from imbtorch.losses.cdt import CDTLoss
from imbtorch.losses.focal import FocalLoss
from imbtorch.losses.ldam import LDAMLoss
from imbtorch.losses.logit_adjusted import LogitAdjustedLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.smote import BalancedSVM, borderline_smote, smote, svm_smote
from imbtorch.training.classical_heads import LogisticHead, NearestHead
from imbtorch.training.deep_oversample import DeepOversample
from imbtorch.training.metric_learning import LocalEmbedding, TripletEmbedding
from imbtorch.training.recipe import Phase
from imbtorch.training.refit import RefitHead
from imbtorch.training.tau_norm import TauNormalize
from imbtorch.training.train import Train
from imbtorch.transforms.aos import AOS
from imbtorch.transforms.m2m import M2m
from imbtorch.transforms.mixup import Mixup, Remix

DEFERRAL = 0.8
"""Fraction of the epochs after which a deferred method starts (160 of 200)."""

Loss = dict[str, Any]
"""``loss=`` of a phase, where it is not cross-entropy."""


def _deferred(epochs: int, loss: Loss, **later: Any) -> list[Phase]:
    """Train, and in the last fifth with the sampler, weights or batch of `later`."""
    rest = max(1, round(epochs * (1 - DEFERRAL)))
    return [Train(epochs - rest, **loss), Train(rest, **loss, **later)]


def _translating(epochs: int, loss: Loss, **constants: Any) -> list[Phase]:
    """Balanced batches with M2m in the last fifth of the epochs."""
    batch = partial(M2m, **constants)
    return _deferred(epochs, loss, sampler=ClassBalancedSampler, batch=batch)


def in_rounds(
    epochs: int, loss: Loss, phase: Callable[..., Phase] = DeepOversample, rounds: int = 3
) -> list[Phase]:
    """Plain training, then rounds of a phase that are as long."""
    rounds = min(rounds, epochs - 1)
    each = max(1, epochs // (rounds + 1))
    return [Train(epochs - rounds * each, **loss), *(phase(each) for _ in range(rounds))]


AMO: dict[str, Any] = {"accept": "loss"}
"""What the AMO paper has otherwise than M2m: it accepts by g's loss."""

LOSSES: dict[str, Any] = {
    "focal": FocalLoss,
    "asl": AsymmetricLoss,
    "ldam": LDAMLoss,
    "balanced-softmax": BalancedSoftmaxLoss,
    "logit-adjustment": LogitAdjustedLoss,
    "cdt": CDTLoss,
}

METHODS: dict[str, Callable[[int, Loss], list[Phase]]] = {
    "erm": lambda n, loss: [Train(n, **loss)],
    "ros": lambda n, loss: [Train(n, **loss, resample=RandomOverSampler)],
    "smote": lambda n, loss: [Train(n, **loss, resample=smote)],
    "b-smote": lambda n, loss: [Train(n, **loss, resample=borderline_smote)],
    "svm-smote": lambda n, loss: [Train(n, **loss, resample=svm_smote)],
    "balanced-svm": lambda n, loss: [Train(n, **loss, resample=BalancedSVM)],
    "aos": lambda n, loss: [Train(n, **loss, resample=RandomOverSampler, batch=AOS)],
    "mixup": lambda n, loss: [Train(n, **loss, batch=Mixup)],
    "remix": lambda n, loss: [Train(n, **loss, batch=Remix)],
    "rs": lambda n, loss: [Train(n, **loss, sampler=ClassBalancedSampler)],
    "rw": lambda n, loss: [Train(n, **loss, weights=inverse_frequency_weights)],
    "cb-rw": lambda n, loss: [Train(n, **loss, weights=effective_number_weights)],
    "drs": lambda n, loss: _deferred(n, loss, sampler=ClassBalancedSampler),
    "drw": lambda n, loss: _deferred(n, loss, weights=effective_number_weights),
    "dos": lambda n, loss: in_rounds(n, loss, partial(DeepOversample, **loss)),
    "lmle": lambda n, loss: [*in_rounds(n, loss, LocalEmbedding), NearestHead(20)],
    "triplet": lambda n, loss: [TripletEmbedding(n), NearestHead(20)],
    "m2m": lambda n, loss: _translating(n, loss),
    "amo": lambda n, loss: _translating(n, loss, **AMO),
    "amo-lam0": lambda n, loss: _translating(n, loss, **{**AMO, "lam": 0.0}),
    "m2m-clean": lambda n, loss: _translating(n, loss, clean=True),
    "m2m-rs": lambda n, loss: [Train(n, **loss, sampler=ClassBalancedSampler, batch=M2m)],
    "m2m-rs-rand": lambda n, loss: [
        Train(n, **loss, sampler=ClassBalancedSampler, batch=partial(M2m, random_label=True))
    ],
}

HEADS: dict[str, Callable[[], Phase]] = {
    "eos": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=10)),
    "eos-50": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=50)),
    "eos-100": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=100)),
    "eos-200": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=200)),
    "eos-300": lambda: RefitHead(10, resample=partial(EOS, n_neighbors=300)),
    "head-ros": lambda: RefitHead(10, resample=RandomOverSampler),
    "head-smote": lambda: RefitHead(10, resample=smote),
    "head-b-smote": lambda: RefitHead(10, resample=borderline_smote),
    "head-svm-smote": lambda: RefitHead(10, resample=svm_smote),
    "head-balanced-svm": lambda: RefitHead(10, resample=BalancedSVM),
    "crt": lambda: RefitHead(10, sampler=ClassBalancedSampler),
    "tau-norm": lambda: TauNormalize(),
    "lr": lambda: LogisticHead(),
    "knn": lambda: NearestHead(5),
}
