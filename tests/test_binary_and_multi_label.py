"""Two classes with one logit or two, and many labels a sample."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset

from imbtorch import InputError, fit, join_head, split_head
from imbtorch.losses import MultiLabelAsymmetricLoss
from imbtorch.models import single_logit_head, two_class_logits
from imbtorch.samplers import ClassBalancedSampler

RNG = torch.Generator().manual_seed(0)
X = torch.randn(100, 3, generator=RNG) - 1.5
X[90:] += 3
Y = torch.tensor([0] * 90 + [1] * 10)


def test_one_logit_is_two():
    z = torch.linspace(-5, 5, 11)
    torch.testing.assert_close(two_class_logits(z).softmax(1)[:, 1], z.sigmoid())
    loss = F.cross_entropy(two_class_logits(z[:, None]), torch.ones(11, dtype=torch.int64))
    torch.testing.assert_close(loss, F.binary_cross_entropy_with_logits(z, torch.ones(11)))


@pytest.mark.parametrize("recipe", ["erm", "m2m", "eos", "drw", "dos"])
def test_a_network_with_a_single_logit_is_trained_by_any_recipe(recipe):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    classifier = split_head(network, "2")
    torch.testing.assert_close(classifier(X).softmax(1)[:, 1], network(X).sigmoid().ravel())
    result = fit(recipe, classifier, (X, Y), epochs=8)
    joined = join_head(result.model, "2")
    assert joined[2].out_features == 1
    torch.testing.assert_close(
        joined(X).sigmoid().ravel(), result.model(X).softmax(1)[:, 1], rtol=1e-4, atol=1e-6
    )
    assert ((joined(X).ravel() > 0) == (Y == 1)).float().mean() > 0.9


def test_multi_label_loss_by_hand():
    logits, y = torch.tensor([[0.3, -1.0], [2.0, 0.5]]), torch.tensor([[1, 0], [0, 1]])
    p = logits.sigmoid()
    q = (p - 0.05).clamp_min(0)
    by_hand = -torch.where(y.bool(), (1 - p) * p.log(), q**2 * (1 - q).log()).sum(1).mean()
    loss = MultiLabelAsymmetricLoss(1.0, 2.0)
    torch.testing.assert_close(loss(logits, y), by_hand)
    plain = MultiLabelAsymmetricLoss(0.0, 0.0, clip=0.0)
    bce = F.binary_cross_entropy_with_logits(logits, y.float(), reduction="sum") / 2
    torch.testing.assert_close(plain(logits, y), bce)
    weight = torch.tensor([1.0, 3.0])
    expected = F.binary_cross_entropy_with_logits(logits, y.float(), weight, reduction="sum") / 2
    weighted = MultiLabelAsymmetricLoss(0.0, 0.0, clip=0.0, weight=weight)
    torch.testing.assert_close(weighted(logits, y), expected)


def test_multi_label_loss_has_finite_gradients_far_out():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    for y in ([[1.0, 0.0]], [[0.0, 1.0]]):
        (gradient,) = torch.autograd.grad(
            MultiLabelAsymmetricLoss(0.5, 0.5)(logits, torch.tensor(y)), logits
        )
        assert gradient.isfinite().all()


def test_every_label_has_the_same_budget():
    labels = np.zeros((100, 3), dtype=bool)
    labels[:80, 0] = labels[70:90, 1] = labels[88:93, 2] = True  # the last 7 have none
    sampler = ClassBalancedSampler(labels, num_samples=400)
    drawn = np.array(list(sampler))
    assert len(drawn) == 400
    assert (drawn >= 93).sum() == 100
    # a sample of several labels is drawn for each of them
    assert (labels[drawn].sum(0) >= 100).all()
    assert labels[drawn][:, 2].sum() < 200


LINEAR = split_head(nn.Sequential(nn.Linear(3, 2)), "0")


class Tagged(Dataset):
    targets = torch.ones(4, 2)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[index], self.targets[index]


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit(
            "erm", split_head(nn.Sequential(nn.Linear(3, 2)), "0"), (X[:4], torch.ones(4, 2))
        ),
        lambda: fit("erm", split_head(nn.Sequential(nn.Linear(3, 2)), "0"), Tagged()),
    ],
)
def test_fit_says_what_there_is_for_many_labels(call):
    with pytest.raises(InputError, match="MultiLabelAsymmetricLoss"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_class_logits(torch.zeros(2, 3)), "z has shape"),
        (lambda: single_logit_head(nn.Linear(3, 4)), "two logits"),
        (lambda: MultiLabelAsymmetricLoss(clip=1.0), "clip is 1.0"),
        (lambda: MultiLabelAsymmetricLoss(gamma_neg=-1.0), "gamma_neg is -1.0"),
        (lambda: MultiLabelAsymmetricLoss()(torch.zeros(2, 3), torch.zeros(2)), "y has shape"),
        (lambda: ClassBalancedSampler(np.zeros((2, 2, 2))), "labels has shape"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(InputError, match=message):
        call()
