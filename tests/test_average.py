"""The moving average of the weights: in closed form, measured, returned, and a head's basis."""

from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from imbtorch import ArrayDataset, InputError, RefitHead, Setup, Train
from imbtorch.models import embed, predict_logits
from imbtorch.training.average import moving_average
from imbtorch.training.head import head_epochs
from imbtorch.training.held_out import balanced_accuracy
from imbtorch.training.setup import HEAD_SETUP
from tuned import SCALED, copied, moved, run


def test_the_average_in_closed_form():
    model = nn.BatchNorm1d(1)
    model.register_buffer("places", torch.arange(5))
    average, expected = moving_average(model, 0.6), None
    for step in range(12):
        value = float(step**2)
        model.weight.data.fill_(value)
        model.running_mean.fill_(2 * value)
        model.num_batches_tracked.fill_(step)
        average.update_parameters(model)
        d = min(0.6, (1 + step) / (10 + step))
        expected = value if expected is None else d * expected + (1 - d) * value
    assert average.module.weight.item() == pytest.approx(expected)
    assert average.module.running_mean.item() == pytest.approx(2 * expected)
    assert average.module.num_batches_tracked == 11  # not 10.99, cut off
    assert average.module.places.tolist() == [0, 1, 2, 3, 4]


def test_the_average_is_measured_returned_and_what_a_head_is_fitted_on(blobs):
    setup = Setup(batch_size=16, ema=0.9)
    live = run(replace(setup, ema=0), [Train(2), Train(2)], blobs)
    averaged = run(setup, [Train(2), Train(2)], blobs)
    whole = run(setup, [Train(4)], blobs)
    assert [r["loss"] for r in averaged.history] == [r["loss"] for r in live.history]
    assert not moved(copied(whole.model), copied(averaged.model))  # it goes on over phases
    assert "features.0.weight" in moved(copied(live.model), copied(averaged.model))
    logits, y = predict_logits(averaged.model, blobs)
    assert averaged.history[-1]["balanced_accuracy"] == balanced_accuracy(logits, y)
    refitted = run(setup, [Train(2), Train(2), RefitHead(2)], blobs)
    assert torch.equal(refitted.embedded.x, embed(averaged.model, blobs)[0])
    changed = moved(copied(averaged.model), copied(refitted.model))
    assert changed == {"head.weight", "head.bias"}


def test_training_after_a_head_starts_from_the_average(blobs):
    result = run(Setup(batch_size=16, ema=0.9), [Train(1), RefitHead(1), Train(1)], blobs)
    assert len(result.history) == 3


def test_a_head_on_embeddings_is_not_averaged(blobs):
    with pytest.raises(InputError, match=r"setup has ema 0\.9"):
        run(Setup(), [Train(1), RefitHead(1, setup=Setup(ema=0.9))], blobs)


def test_a_head_learns_alike_where_gradients_are_scaled(blobs):
    def losses(plugin):
        torch.manual_seed(0)
        fabric = Fabric(accelerator="cpu", devices=1, plugins=plugin)
        options = {"setup": HEAD_SETUP, "seed": 0, "fabric": fabric}
        return [*head_epochs(nn.Linear(2, 3), ArrayDataset(*blobs), 3, **options)]

    assert losses(SCALED) == losses(None)
