"""The micro-cluster loss of DOS: minimum, weights, gradients, and its edge cases."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError
from imbtorch.losses import FocalLoss, MicroClusterLoss


def made(batch=3, k=4, size=5, seed=0):
    rng = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, size, generator=rng, requires_grad=True)
    targets = torch.randn(batch, k + 1, size, generator=rng)
    weights = torch.rand(batch, k + 1, generator=rng) + 0.01
    y = torch.arange(batch) % 3
    return features, y, targets, weights / weights.sum(1, keepdim=True)


def test_the_embeddings_loss_is_least_at_the_weighted_mean():
    features, y, targets, weights = made()
    mean = (weights[..., None] * targets).sum(1).requires_grad_()
    loss = MicroClusterLoss(alpha=1.0, loss=Nothing())
    loss(mean, y, nn.Linear(5, 3), targets, weights).backward()
    torch.testing.assert_close(mean.grad, torch.zeros_like(mean))
    least = loss(mean, y, nn.Linear(5, 3), targets, weights)
    assert loss(features, y, nn.Linear(5, 3), targets, weights) > least


class Nothing(nn.Module):
    """A loss H that is 0."""

    def forward(self, logits, y):
        return 0.0 * logits.sum()


def test_by_hand():
    features, y = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
    targets, weights = torch.tensor([[[2.0, 0.0], [0.0, 1.0]]]), torch.tensor([[0.25, 0.75]])
    # distances 1 and 2; rho is 1 : exp(-1.5); g is the identity
    rho = torch.tensor([1.0, torch.tensor(-1.5).exp()])
    rho = rho / rho.sum()
    own, other = (F.cross_entropy(torch.tensor([z]), y) for z in ([1.0, 0.0], [0.0, 1.0]))
    expected = rho[0] * own + rho[1] * other + 0.5 * (0.25 * 1 + 0.75 * 2)
    loss = MicroClusterLoss(alpha=0.5)(features, y, nn.Identity(), targets, weights)
    torch.testing.assert_close(loss, expected)
    halved = MicroClusterLoss(alpha=0.5, per_dimension=True)
    pull = 0.5 * (0.25 * 0.5 + 0.75 * 1)
    nearer = torch.tensor([1.0, torch.tensor(-0.75).exp()])
    nearer = nearer / nearer.sum()
    expected = nearer[0] * own + nearer[1] * other + pull
    torch.testing.assert_close(halved(features, y, nn.Identity(), targets, weights), expected)


@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 100))
def test_shares_sum_to_one_and_none_is_larger_than_the_own(batch, k, seed):
    features, _, targets, weights = made(batch, k, seed=seed)
    distance = (features[:, None] - targets).square().sum(-1)
    rho = MicroClusterLoss.shares(distance, weights)
    torch.testing.assert_close(rho.sum(1), torch.ones(batch))
    assert (rho <= rho[:, :1] + 1e-6).all()
    assert not rho.requires_grad


@pytest.mark.parametrize("k", [0, 4])
def test_without_neighbours_it_is_cross_entropy(k):
    features, y, targets, _ = made(k=k)
    weights = torch.zeros(3, k + 1)
    weights[:, 0] = 1
    head = nn.Linear(5, 3)
    loss = MicroClusterLoss()(features, y, head, targets, weights)
    torch.testing.assert_close(loss, F.cross_entropy(head(features), y))


def test_a_class_with_few_samples_leaves_places_empty():
    features, y, targets, weights = made(k=2)
    padded = torch.cat([targets, torch.full((3, 3, 5), 99.0)], 1)
    more = torch.cat([weights, torch.zeros(3, 3)], 1)
    head, loss = nn.Linear(5, 3), MicroClusterLoss()
    torch.testing.assert_close(
        loss(features, y, head, padded, more), loss(features, y, head, targets, weights)
    )


def test_identical_embeddings_pull_nowhere():
    features, y, _, weights = made()
    targets = features.detach()[:, None].expand(-1, 5, -1)
    head = nn.Linear(5, 3)
    loss = MicroClusterLoss()(features, y, head, targets, weights)
    torch.testing.assert_close(loss, F.cross_entropy(head(features), y))


def test_gradients_reach_the_embedding_through_both_losses():
    features, y, targets, weights = made()
    head = nn.Linear(5, 3)
    through_g = MicroClusterLoss(alpha=0.0)(features, y, head, targets, weights)
    through_f = MicroClusterLoss(loss=Nothing())(features, y, head, targets, weights)
    for loss in (through_g, through_f):
        (gradient,) = torch.autograd.grad(loss, features, retain_graph=True)
        assert (gradient.abs().sum(1) > 0).all()
    through_g.backward()
    assert head.weight.grad is not None
    assert not targets.requires_grad


def test_any_loss_takes_the_place_of_cross_entropy():
    features, y, targets, weights = made()
    head = nn.Linear(5, 3)
    plain = MicroClusterLoss(alpha=0.0)(features, y, head, targets, weights)
    same = MicroClusterLoss(alpha=0.0, loss=nn.CrossEntropyLoss())
    torch.testing.assert_close(same(features, y, head, targets, weights), plain)
    focal = MicroClusterLoss(alpha=0.0, loss=FocalLoss(2.0))
    assert focal(features, y, head, targets, weights) < plain


def test_bad_arguments_are_said():
    features, y, targets, weights = made()
    with pytest.raises(InputError, match="alpha is -1"):
        MicroClusterLoss(alpha=-1)
    with pytest.raises(InputError, match=r"targets has shape \(3, 5, 5\) and weights \(3, 4\)"):
        MicroClusterLoss()(features, y, nn.Linear(5, 3), targets, weights[:, 1:])
