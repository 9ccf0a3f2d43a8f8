"""What the arguments of phases may be."""

import numpy as np
import pytest
import torch
from torch.utils.data import WeightedRandomSampler

from imbtorch import InputError, Recipe, RefitHead, Train, fit, make_recipe
from imbtorch.models import mlp


def test_whole_numbers_of_other_kinds_are_numbers_of_epochs(blobs):
    for epochs in (2.0, np.int64(2)):
        recipe = make_recipe("drs", epochs)
        assert recipe.describe() == make_recipe("drs", 2).describe()
        assert len(fit(recipe, mlp((2,), 3), blobs).history) == 2
    for phase in (Train, RefitHead):
        assert phase(np.int64(3)).describe() == phase(3.0).describe() == phase(3).describe()
        with pytest.raises(InputError, match=r"epochs is 1\.5"):
            phase(1.5)


def test_samplers_of_torch_train_a_network(blobs):
    def sampler(labels):
        return WeightedRandomSampler(1 / torch.bincount(labels)[labels], len(labels))

    for phase in (Train(1, sampler=sampler), RefitHead(1, sampler=sampler)):
        fit(Recipe("own", [Train(1), phase]), mlp((2,), 3), blobs)
