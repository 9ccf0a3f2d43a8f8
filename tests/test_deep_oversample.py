"""Deep over-sampling: micro-clusters, their weights, and the phase."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from imbtorch import InputError, Recipe, Train, build_model, fit, make_recipe
from imbtorch.models import mlp
from imbtorch.resampling import draw_weights, overload
from imbtorch.resampling.micro_clusters import centers, spread
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import DeepOversample


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 50))
def test_members_are_the_nearest_of_the_same_class(k0, k1, seed):
    rng = np.random.default_rng(seed)
    features = torch.from_numpy(rng.normal(size=(16, 3)))
    labels = torch.tensor([0] * 12 + [1] * 4)
    members, present = overload(features, labels, [k0, k1])
    assert (labels[members] == labels[:, None]).all()
    assert (members[:, 0] == torch.arange(16)).all()
    expected = torch.tensor([1 + min(k0, 11)] * 12 + [1 + min(k1, 3)] * 4)
    assert torch.equal(present.sum(1), expected)
    for row in range(16):
        others = [i for i in range(16) if i != row and labels[i] == labels[row]]
        others.sort(key=lambda i: float((features[i] - features[row]).square().sum()))
        k = int(expected[row]) - 1
        assert members[row, 1 : k + 1].tolist() == others[:k]


def test_duplicated_rows_and_classes_of_one():
    features, labels = torch.zeros(6, 2), torch.tensor([0, 0, 0, 0, 0, 1])
    members, present = overload(features, labels, [2, 2])
    assert all(len(set(row.tolist())) == 3 for row in members[:5])
    assert members[5].tolist() == [5, 5, 5]
    assert present[5].tolist() == [True, False, False]
    with pytest.raises(InputError, match=r"n_neighbors is \[2\]; 2 numbers"):
        overload(features, labels, [2])


@given(st.integers(1, 8), st.integers(0, 5), st.integers(0, 50))
def test_weights_are_positive_and_sum_to_one(batch, k, seed):
    rng = torch.Generator().manual_seed(seed)
    present = torch.rand(batch, k + 1, generator=rng) < 0.5
    present[:, 0] = True
    weights = draw_weights(present, rng)
    torch.testing.assert_close(weights.sum(1), torch.ones(batch))
    assert torch.equal(weights > 0, present)


def test_weights_are_flat_dirichlet():
    weights = draw_weights(
        torch.ones(20_000, 3, dtype=torch.bool), torch.Generator().manual_seed(0)
    )
    # of the flat Dirichlet over 3: mean 1/3, variance 1/18
    torch.testing.assert_close(weights.mean(0), torch.full((3,), 1 / 3), atol=0.01, rtol=0)
    torch.testing.assert_close(weights.var(0), torch.full((3,), 1 / 18), atol=0.003, rtol=0)


@pytest.mark.parametrize("options", [{}, {"k_majority": 5, "alpha": 5}])
def test_embeddings_draw_together_round_by_round(options, blobs):
    rounds = [DeepOversample(10, **options) for _ in range(4)]
    model = build_model("mlp", (2,), 3, seed=0)
    result = fit(Recipe("dos", [Train(10), *rounds]), model, blobs, blobs)
    begun = [row for row in result.history if "class_variance" in row][::10]
    variance = [row["class_variance"] for row in begun]
    targets = [row["target_variance"] for row in begun]
    assert len(variance) == 4
    assert all(after < 0.97 * before for before, after in pairwise(variance))
    assert all(after < 0.97 * before for before, after in pairwise(targets))
    # the mean of a few neighbours lies nearer to the class mean than they do
    assert all(near < 0.9 * far for near, far in zip(targets, variance, strict=True))
    assert result.history[-1]["balanced_accuracy"] > 0.7


def test_without_neighbours_a_round_is_plain_training_on_balanced_samples(blobs):
    def trained(phase):
        return fit(Recipe("one", [phase]), build_model("mlp", (2,), 3, seed=0), blobs).model

    _, y = blobs
    parity = int(torch.bincount(y).max()) * 3
    plain = trained(Train(3, sampler=partial(ClassBalancedSampler, num_samples=parity)))
    deep = trained(DeepOversample(3, k_minority=0))
    for a, b in zip(plain.parameters(), deep.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_any_data_set_and_any_loss(blobs):
    x, y = blobs
    data = TensorDataset(x, y)
    recipe = make_recipe("focal+dos", 4)
    assert [type(phase).__name__ for phase in recipe.phases] == ["Train"] + 3 * ["DeepOversample"]
    again = fit(recipe, mlp((2,), 3, hidden=8), data, seed=1).history
    assert np.isfinite([row["loss"] for row in again]).all()
    assert [len(make_recipe("dos", n).phases) for n in (2, 5)] == [2, 4]
    assert all(make_recipe("dos", n).epochs == n for n in (2, 5, 30))
    for name in ("dos", "lmle"):
        with pytest.raises(InputError, match=r"epochs is 1; .* at least 2"):
            make_recipe(name, 1)


def test_centres_and_spread_by_hand():
    features, labels = torch.tensor([[0.0], [2.0], [5.0], [8.0]]), torch.tensor([0, 0, 2, 2])
    members, present = overload(features, labels, [1, 0, 0])
    middle = centers(features, members, present)
    assert middle.flatten().tolist() == [1, 1, 5, 8]
    assert spread(features, features, labels, present) == 1
    assert spread(middle, features, labels, present) == 0
    everyone = torch.ones_like(present)
    assert spread(features, features, labels, everyone) == (1 + 1 + 2.25 + 2.25) / 4


def test_bad_arguments_are_said(blobs):
    with pytest.raises(InputError, match="epochs is 0"):
        DeepOversample(0)
    with pytest.raises(InputError, match=r"epochs is 2\.5; it must be a whole number"):
        DeepOversample(2.5)
    for wrong in (-1, 0.5):
        with pytest.raises(InputError, match=f"k_majority is {wrong}"):
            DeepOversample(1, k_majority=wrong)
    with pytest.raises(InputError, match="alpha is -2"):
        fit(Recipe("bad", [DeepOversample(1, alpha=-2)]), mlp((2,), 3), blobs)
