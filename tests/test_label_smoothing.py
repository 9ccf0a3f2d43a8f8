"""Losses are given the label smoothing of a `Setup`, or it is refused."""

from functools import partial

import pytest
from torch import nn

from imbtorch import InputError, Setup, Train
from imbtorch.losses import AsymmetricLoss, FocalLoss
from imbtorch.training import DeepOversample, LocalEmbedding
from tuned import run


def smoothed(loss, smoothing, blobs):
    """Return the first epoch's loss."""
    setup = Setup(batch_size=88, lr=1e-9, label_smoothing=smoothing)
    return run(setup, [Train(1, loss=loss)], blobs).history[0]["loss"]


def test_losses_are_given_the_label_smoothing(blobs):
    own = partial(nn.CrossEntropyLoss, label_smoothing=0.3)
    plain = smoothed(nn.CrossEntropyLoss, 0.0, blobs)
    by_setup = smoothed(nn.CrossEntropyLoss, 0.3, blobs)
    assert plain != by_setup == smoothed(own, 0.0, blobs) == smoothed(own, 0.2, blobs)
    assert by_setup == smoothed(nn.CrossEntropyLoss(label_smoothing=0.3), 0.2, blobs)
    assert smoothed(AsymmetricLoss, 0.0, blobs) == smoothed(
        partial(AsymmetricLoss, label_smoothing=0.1), 0, blobs
    )
    assert smoothed(AsymmetricLoss, 0.3, blobs) != smoothed(AsymmetricLoss, 0.0, blobs)


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        (Train(1, loss=FocalLoss), "FocalLoss"),
        (Train(1, loss=FocalLoss()), "FocalLoss"),
        (Train(1, loss=partial(FocalLoss, gamma=1.0)), "FocalLoss"),
        (Train(1, loss=nn.CrossEntropyLoss()), "CrossEntropyLoss"),
        (LocalEmbedding(1), "LocalEmbedding"),
    ],
)
def test_a_loss_without_label_smoothing_is_refused_before_training(phase, name, blobs):
    with pytest.raises(InputError, match=f"label_smoothing is 0.1; {name} of the recipe made"):
        run(Setup(label_smoothing=0.1), [Train(1), phase], blobs)


def test_micro_clusters_take_it_too(blobs):
    losses = [
        run(Setup(label_smoothing=s), [Train(1), DeepOversample(1)], blobs).history[-1]["loss"]
        for s in (0.0, 0.2)
    ]
    assert losses[0] != losses[1]
