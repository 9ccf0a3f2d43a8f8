"""What differs is described differently: stored runs and states are found by their description."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

from imbtorch import InputError, Recipe, Setup, Train, fit
from imbtorch.losses import DBMLoss, FocalLoss, LDAMLoss
from imbtorch.models import mlp
from imbtorch.resampling import EOS
from imbtorch.training import Snapshots
from imbtorch.training.slots import describe
from imbtorch.transforms import M2m


class Scaled(nn.Module):
    """A loss of a user's own, which keeps its argument under another name."""

    def __init__(self, factor):
        super().__init__()
        self._by = factor

    def forward(self, logits, y):
        return self._by * nn.functional.cross_entropy(logits, y)


def own_loss(factor=1.0, *sizes, **options):
    """A function of a user's own."""


NETWORK = nn.Linear(2, 2)
UNLIKE = [
    [nn.CrossEntropyLoss(), *(nn.CrossEntropyLoss(torch.tensor([1.0, w])) for w in (1, 9))],
    [FocalLoss(2.0), FocalLoss(3.0), FocalLoss(2.0, torch.ones(2))],
    [LDAMLoss([9, 1], 0.1), LDAMLoss([9, 1], 0.5), LDAMLoss([8, 1], 0.5)],
    [DBMLoss([9, 1]), DBMLoss([9, 1], 0.2), DBMLoss([9, 1], tau=0.5)],
    [
        M2m(NETWORK, [9, 1], b, seed=0, accept=by)
        for b in (0.9, 0.99)
        for by in ("loss", "probability")
    ],
    [M2m(nn.Linear(2, 2), [9, 1], seed=0) for _ in range(2)],
    [Scaled(1.0), Scaled(2.0)],
    [partial(EOS, n_neighbors=np.int64(k)) for k in (5, 50)],
    [Setup(batch_size=np.int64(n)) for n in (32, 64)],
    [partial(M2m, dtype=dtype) for dtype in (torch.float16, torch.bfloat16)],
    [partial(EOS, 5), partial(EOS, 50)],
    [partial(own_loss, 1.0, n) for n in (1, 2)],
    [partial(own_loss, more=n) for n in (1, 2)],
]


@pytest.mark.parametrize("objects", UNLIKE)
def test_objects_that_differ_are_described_differently(objects):
    for one, other in combinations(objects, 2):
        assert describe(one) != describe(other)


def test_equal_objects_and_numbers_of_either_kind_are_described_alike():
    one, other = (nn.CrossEntropyLoss(torch.tensor([1.0, 9.0])) for _ in range(2))
    assert describe(one) == describe(other)
    assert describe(partial(EOS, n_neighbors=np.int64(5))) == describe(partial(EOS, n_neighbors=5))
    assert describe({3, 1}) == describe({1, 3})
    assert describe(partial(DBMLoss, [9, 1], 0.2)) == describe(
        partial(DBMLoss, class_counts=[9, 1], margin=0.2)
    )


def test_arguments_that_a_class_does_not_take_are_refused():
    for loss in (partial(FocalLoss, *range(9)), partial(FocalLoss, 2.0, gamma=1.0)):
        with pytest.raises(InputError, match="that FocalLoss does not take"):
            describe(loss)


@pytest.mark.parametrize("value", [torch.Generator(), slice(3), object(), sum])
def test_what_cannot_be_looked_into_is_named(value):
    assert describe(value) == type(value).__name__


def test_a_recipe_is_described_as_it_was_before_training(blobs):
    class Counting(nn.CrossEntropyLoss):
        calls = 0

        def forward(self, logits, y):
            self.calls += 1
            return super().forward(logits, y)

    recipe = Recipe("counting", [Train(1, loss=Counting())])
    before = recipe.describe()
    fit(recipe, mlp((2,), 3), blobs)
    assert recipe.phases[0].loss.calls
    assert recipe.describe() == before


def test_other_class_weights_share_no_state(blobs, tmp_path):
    def loss(weight):
        recipe = Recipe("ce", [Train(2, loss=nn.CrossEntropyLoss(weight))])
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = mlp((2,), 3)
        return fit(recipe, network, blobs, snapshots=Snapshots(tmp_path)).history[-1]["loss"]

    assert loss(None) != loss(torch.tensor([1.0, 9.0, 50.0]))
