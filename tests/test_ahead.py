"""What does not depend on training is refused before any of it."""

from functools import partial

import imblearn.over_sampling as imblearn
import pytest
import torch
from torch import nn

from imbtorch import InputError, Recipe, RefitHead, Setup, Train, build_model, fit, make_recipe
from imbtorch.losses import FocalLoss
from imbtorch.resampling import SMOTE
from imbtorch.training import TauNormalize
from imbtorch.training.try_out import check_resampling
from imbtorch.transforms import M2m


class Own:
    """An over-sampler with nothing but its method."""

    def fit_resample(self, X, y):
        return X, y


def refused(phase, said, blobs, head="linear"):
    model, rows = build_model("mlp", (2,), int(blobs[1].max()) + 1, head=head), []
    with pytest.raises(InputError, match=said):
        fit(Recipe("late", [Train(2), phase]), model, blobs, on_epoch=rows.append)
    assert not rows


def needs(class_count):
    """Ask for what no run knows."""


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (Train(1, weights=needs), "needs requires class_count"),
        (Train(1, loss=partial(nn.NLLLoss, wight=1)), "'wight'; did you mean weight"),
        (Train(1, loss=nn.CrossEntropyLoss(torch.ones(2))), "CrossEntropyLoss is for 2 classes"),
        (Train(1, loss=FocalLoss, weights=lambda: torch.ones(4)), "FocalLoss is for 4 classes"),
        (RefitHead(1, sampler=needs), "needs requires class_count"),
        (make_recipe("eos:k=200", 1).phases[-1], "n_neighbors is 200; .* at most 87"),
        (RefitHead(1, resample=partial(imblearn.SMOTE, k_neighbors=8)), "SMOTE needs 9 samples"),
    ],
)
def test_a_later_phase(phase, said, blobs):
    refused(phase, said, blobs)


@pytest.mark.parametrize("phase", [TauNormalize(), RefitHead(1, start="trained")])
def test_a_head_that_is_not_linear(phase, blobs):
    refused(phase, f"{type(phase).__name__} takes the weights of a linear head", blobs, "cosine")
    model = build_model("mlp", (2,), 3, head="cosine")
    fit(Recipe("new", [Train(1), RefitHead(1), phase]), model, blobs)


def test_classes_that_are_too_few_or_too_small(blobs):
    x, y = blobs
    refused(Train(1, batch=partial(M2m, random_label=True)), "at least 3", (x, y.clamp(max=1)))
    one = x[:81], y[:81]
    refused(RefitHead(1, resample=SMOTE), "needs 2 samples .* class 2 has one sample", one)
    taken = (partial(SMOTE, top_up=True), partial(SMOTE, sampling_strategy={1: 60}), Own())
    for resample in taken:
        check_resampling(Recipe("taken", [RefitHead(1, resample=resample)]), one[1].tolist())


def test_a_head_is_not_averaged():
    with pytest.raises(InputError, match=r"ema 0\.9; a head on embeddings is not averaged"):
        RefitHead(1, setup=Setup(ema=0.9))
