"""Every public name leaves the global random state of Python, NumPy and torch as it was."""

import numpy as np
import pytest
import torch

from global_draws import draw
from imbtorch import models, resampling
from imbtorch.seeding import same_random_state, scoped_seed
from namespaces import THINGS
from public_calls import CALLS, LABELS, ON_DISK, ROWS


def test_no_public_name_is_left_out():
    assert {*CALLS, *ON_DISK, "data.Samples"} == set(THINGS)  # the last one is a type


@pytest.mark.filterwarnings("ignore:class .* has no enemy", "ignore:.* leaves classes short")
@pytest.mark.filterwarnings("ignore:.* the samples it made are")
@pytest.mark.parametrize("name", CALLS)
def test_the_random_state_is_as_it_was(name, unmoved):
    CALLS[name]()


@pytest.mark.parametrize("name", ON_DISK)
def test_the_random_state_is_as_it_was_after_files_too(name, unmoved, tmp_path):
    ON_DISK[name](tmp_path)


def test_it_is_as_it_was_after_an_error_too(unmoved):
    @same_random_state()
    def fail():
        raise ValueError(draw())

    with pytest.raises(ValueError, match="tensor"):
        fail()


@pytest.mark.parametrize("name", ["mlp", "small_cnn", "wide_cnn", "resnet32", "wide_resnet"])
def test_networks_follow_their_seed_alone(name):
    def weights(*seed):
        torch.manual_seed(len(seed))
        made = getattr(models, name)((3, 8, 8), 2, **dict(seed))
        return torch.cat([p.detach().flatten() for p in made.parameters()])

    assert torch.equal(weights(), weights(("seed", 0)))
    assert not torch.equal(weights(), weights(("seed", 1)))
    named = models.build_model(name.replace("_", "-"), (3, 8, 8), 2, seed=1)
    assert torch.equal(
        weights(("seed", 1)), torch.cat([p.detach().flatten() for p in named.parameters()])
    )


def test_a_cosine_head_follows_its_seed_and_in_a_recipe_that_of_the_run():
    torch.manual_seed(5)
    assert torch.equal(models.CosineHead(4, 2).weight, models.CosineHead(4, 2, seed=0).weight)
    assert not torch.equal(models.CosineHead(4, 2).weight, models.CosineHead(4, 2, seed=1).weight)
    built = [models.build_model("mlp", (4,), 2, seed=s, head="cosine").head.weight for s in (0, 1)]
    assert not torch.equal(*built)
    with scoped_seed(1):
        expected = torch.randn(2, 256)
    assert torch.equal(built[1], expected)  # as it was before heads had seeds of their own


def test_without_a_random_state_every_call_is_another_one():
    first, second = (resampling.SMOTE(2).fit_resample(ROWS, LABELS)[0] for _ in range(2))
    assert not np.array_equal(first, second)
