"""What a network with a cosine head is trained on is what its probabilities say."""

from functools import partial

import pytest
import torch.nn.functional as F
from torch import nn

from imbtorch import Recipe, Train, build_model, fit
from imbtorch.losses import FocalLoss, LDAMLoss
from imbtorch.models import CosineHead
from imbtorch.training import DeepOversample


def fitted(phases, blobs, **options):
    model = build_model("mlp", (2,), 3, head="cosine")
    return fit(Recipe("cosine", phases, **options), model, blobs)


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, partial(FocalLoss, 0.0)])
@pytest.mark.parametrize("phase", [Train, partial(DeepOversample, alpha=0.0, k_minority=0)])
def test_a_loss_without_a_scale_sees_the_logits_as_the_probabilities_do(phase, loss, blobs):
    x, y = blobs
    result = fitted([phase(30, loss=loss)], blobs)
    log_p = result.model.probabilities(result.model(x)).log()
    balanced = None if phase is Train else 1 / y.bincount()  # as the round shows the classes
    reported = F.nll_loss(log_p, y, balanced)
    assert result.history[-1]["loss"] == pytest.approx(reported.item(), rel=0.1)


def test_a_loss_with_a_scale_gives_it_to_the_head_and_its_average(blobs):
    phases = [Train(1, loss=partial(LDAMLoss, scale=scale)) for scale in (30.0, 10.0)]
    for setup in ({}, {"ema": 0.99}):
        assert fitted(phases, blobs, head=CosineHead, setup=setup).model.head.scale == 10


def test_a_loss_of_ones_own_is_asked_for_its_scale(blobs):
    class Mine(nn.CrossEntropyLoss):
        def forward(self, logits, y):
            assert logits.abs().max() < 1.01
            return super().forward(16 * logits, y)

    with pytest.warns(UserWarning, match=r"Mine has no attribute scale; .* by 30"):
        fitted([Train(1, loss=Mine)], blobs)
    Mine.scale = 16.0
    assert fitted([Train(1, loss=Mine)], blobs).model.head.scale == 16
