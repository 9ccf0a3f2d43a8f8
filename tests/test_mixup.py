"""Mixup and Remix against their formulas."""

import pytest
import torch
from scipy.stats import beta, kstest
from torch import nn

from imbtorch import InputError
from imbtorch.transforms import Mixup, Remix

NO_MODEL = nn.Identity()


def test_samples_and_labels_are_mixed_with_one_lambda():
    # one-hot samples: the mixed sample shows which two were mixed, and how
    x, y = torch.eye(6), torch.tensor([0, 1, 2, 0, 1, 2])
    mixed, labels = Mixup(3, seed=1)(x, y, NO_MODEL)
    of_class = torch.zeros(6, 3)
    of_class[torch.arange(6), y] = 1
    torch.testing.assert_close(labels, mixed @ of_class)
    lam = mixed.diagonal()[(mixed > 0).sum(1) == 2]
    assert len(lam) > 0
    torch.testing.assert_close(lam, lam[:1].expand_as(lam))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_lambda_follows_the_beta_distribution(alpha):
    mixup = Mixup(2, alpha, seed=0)
    drawn = [mixup.draw() for _ in range(2000)]
    assert kstest(drawn, beta(alpha, alpha).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("lam", "first", "second", "share"),
    [
        (0.4, 0, 2, 0.0),  # 90 : 10, the frequent sample has the smaller part
        (0.6, 0, 2, 0.6),
        (0.6, 2, 0, 1.0),  # 10 : 90
        (0.4, 2, 0, 0.4),
        (0.4, 0, 1, 0.0),  # 90 : 30 is just far enough apart
        (0.4, 1, 1, 0.4),
        (0.5, 0, 2, 0.5),  # strictly below tau
    ],
)
def test_remix_gives_the_label_to_the_rarer_class(lam, first, second, share):
    remix = Remix([90, 30, 10], kappa=3.0, tau=0.5)
    got = remix.label_share(lam, torch.tensor([first]), torch.tensor([second]))
    torch.testing.assert_close(got, torch.tensor([share]))


def test_remix_without_its_rule_is_mixup():
    x, y = torch.randn(12, 4), torch.arange(12) % 3
    plain = Mixup(3, seed=3)(x, y, NO_MODEL)
    for remix in (Remix([90, 30, 10], tau=0.0, seed=3), Remix([7, 7, 7], seed=3)):
        for a, b in zip(remix(x, y, NO_MODEL), plain, strict=True):
            torch.testing.assert_close(a, b)


def test_bad_arguments_are_named():
    for name, value in (("alpha", 0.0), ("alpha", float("inf"))):
        with pytest.raises(InputError, match=name):
            Mixup(2, **{name: value})
    with pytest.raises(InputError, match="num_classes"):
        Mixup(0)
    for name, value in (("kappa", 0.5), ("tau", 1.1), ("alpha", -1.0)):
        with pytest.raises(InputError, match=name):
            Remix([2, 1], **{name: value})
    with pytest.raises(InputError, match="class_counts"):
        Remix([2, 0])
    with pytest.raises(InputError, match="y has shape"):
        Mixup(2)(torch.rand(2, 2), torch.rand(2, 2), NO_MODEL)
