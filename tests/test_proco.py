"""ProCo: closed forms of its loss, its estimates, and the further views; see test_proco_runs.py."""

from math import lgamma, log

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import ive
from scipy.stats import ortho_group, vonmises_fisher
from torch import nn

from imbtorch import InputError
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.batches import Batches, Views
from imbtorch.losses import ProCo, proco_loss
from imbtorch.losses.proco import SIZE
from imbtorch.losses.von_mises_fisher import MOST, vmf_estimates

PRIOR = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
KAPPAS = (0.0, 1e-3, 0.1, 1, 3, 10, 30, 100, 300, 1e3, 1e4, 1e5)


def directions(n, size, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, size, generator=rng, dtype=torch.float64))


def log_bessel_over_power(kappa, nu):
    """log(I_nu(kappa) / kappa^nu), with its limit at 0."""
    at_zero = -nu * log(2) - lgamma(nu + 1)
    positive = np.maximum(kappa, 1e-300)
    with np.errstate(all="ignore"):
        value = np.log(ive(nu, positive)) + positive - nu * np.log(positive)
    return np.where(kappa > 0, value, at_zero)


@pytest.mark.parametrize(("size", "error"), [(16, 5e-6), (64, 2e-9), (128, 1e-10)])
@pytest.mark.parametrize("tau", [0.05, 0.1, 1.0])
def test_the_loss_is_that_of_bessel_functions(size, error, tau):
    kappa = torch.tensor(KAPPAS, dtype=torch.float64)
    z, mu = directions(40, size), directions(len(kappa), size, 1)
    mu[3], mu[6], mu[-1] = z[0], -z[1], -z[2]
    tilde = (kappa[:, None] * mu + z[:, None] / tau).norm(dim=-1)
    nu = size / 2 - 1
    scores = log_bessel_over_power(tilde.numpy(), nu) - log_bessel_over_power(kappa.numpy(), nu)
    y, prior = torch.arange(40) % len(kappa), torch.full((len(kappa),), 1 / len(kappa))
    expected = F.cross_entropy(torch.tensor(scores), y)
    value = proco_loss(z, y, mu, kappa, prior, tau)
    assert float(value) == pytest.approx(float(expected), abs=error)
    single = proco_loss(z.float(), y, mu.float(), kappa.float(), prior, tau)
    assert float(single) == pytest.approx(float(expected), abs=error + 1e-5)


def test_gradients_are_those_of_the_loss():
    z, mu = directions(4, 16).requires_grad_(), directions(3, 16, 1)
    kappa, y = torch.tensor([0.5, 40.0, 3e3], dtype=torch.float64), torch.tensor([0, 1, 2, 2])
    assert torch.autograd.gradcheck(lambda z: proco_loss(z, y, mu, kappa, PRIOR, 0.1), z)


@pytest.mark.parametrize("kappa", [0.0, 25.0])
def test_classes_alike_leave_the_cross_entropy_of_the_prior(kappa):
    z, y = directions(5, 128), torch.tensor([0, 1, 2, 0, 2])
    mu = directions(1, 128, 1).expand(3, -1) if kappa else directions(3, 128, 1)
    value = proco_loss(z, y, mu, torch.full((3,), kappa, dtype=torch.float64), PRIOR)
    assert float(value) == pytest.approx(float(-PRIOR.log()[y].mean()), rel=1e-12)


def test_concentrated_classes_leave_the_cross_entropy_of_cosines():
    z, mu, y = directions(6, 32), directions(3, 32, 1), torch.arange(6) % 3
    value = proco_loss(z, y, mu, torch.full((3,), 1e9, dtype=torch.float64), PRIOR, 0.5)
    expected = F.cross_entropy(z @ mu.T / 0.5 + PRIOR.log(), y)
    assert float(value) == pytest.approx(float(expected), rel=1e-6)


def test_a_rotation_of_the_space_changes_nothing():
    z, mu, y = directions(6, 16), directions(3, 16, 1), torch.arange(6) % 3
    kappa = torch.tensor([1.0, 20.0, 300.0], dtype=torch.float64)
    turn = torch.tensor(ortho_group.rvs(16, random_state=0))
    before = proco_loss(z, y, mu, kappa, PRIOR)
    after = proco_loss(z @ turn, y, mu @ turn, kappa, PRIOR)
    assert float(after) == pytest.approx(float(before), rel=1e-10)


def test_it_is_the_mean_over_drawn_features():
    z, mu, y, tau = directions(4, 16), directions(3, 16, 1), torch.tensor([0, 1, 2, 2]), 0.5
    kappa = torch.tensor([2.0, 15.0, 60.0], dtype=torch.float64)
    means = []
    for direction, concentration in zip(mu.numpy(), kappa.numpy(), strict=True):
        drawn = vonmises_fisher(direction, concentration).rvs(40_000, random_state=0)
        means.append((z @ torch.tensor(drawn).T / tau).exp().mean(1))
    expected = F.cross_entropy(torch.stack(means, 1).log() + PRIOR.log(), y)
    assert float(proco_loss(z, y, mu, kappa, PRIOR, tau)) == pytest.approx(
        float(expected), abs=0.01
    )


def test_half_precision_is_computed_in_float32():
    z, mu, y = directions(4, 128).bfloat16(), directions(3, 128, 1).float(), torch.arange(4) % 3
    kappa, prior = torch.tensor([1e3, 1e4, 1e5]), PRIOR.float()
    expected = proco_loss(z.float(), y, mu, kappa, prior)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(proco_loss(z, y, mu, kappa, prior), expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tau": 0.0}, "tau is 0.0; it must be finite and positive"),
        ({"z": torch.zeros(2, 8)}, "P at least 16"),
        ({"y": torch.zeros(3, dtype=torch.int64)}, r"y \(3,\)"),
        ({"mu": torch.zeros(2, 16)}, r"mu \(2, 16\)"),
        ({"prior": torch.ones(2)}, r"prior \(2,\)"),
        ({"kappa": [1.0]}, "kappa is a list"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    right = {
        "z": torch.eye(16)[:2],
        "y": torch.tensor([0, 1]),
        "mu": torch.eye(16)[:3],
        "kappa": torch.ones(3),
        "prior": torch.ones(3) / 3,
    }
    with pytest.raises(InputError, match=words):
        proco_loss(**{**right, **change})


def test_estimates_find_the_distribution_that_drew_the_features():
    mean, n = directions(1, SIZE)[0], 4000
    drawn = torch.tensor(vonmises_fisher(mean.numpy(), 80.0).rvs(n, random_state=0))
    sums = torch.stack([drawn.sum(0), drawn[0], torch.zeros(SIZE)])
    mu, kappa = vmf_estimates(sums, torch.tensor([n, 1, 0]))
    assert float(mu[0] @ mean) > 0.999
    assert float(kappa[0]) == pytest.approx(80, rel=0.02)
    assert kappa[1:].tolist() == [MOST, 0]  # one feature, no feature


def projected(classes=3, size=4, **options):
    """A branch whose features do not depend on the other samples of a batch."""
    branch = ProCo([50, 20, 10][:classes], size, views=0, **options)
    branch.projection = nn.Linear(size, SIZE)
    return branch


def test_estimates_of_an_epochs_batches_are_those_of_all_at_once():
    branch, rng = projected(), torch.Generator().manual_seed(0)
    h, y = torch.randn(60, 4, generator=rng), torch.arange(60) % 3
    z = F.normalize(branch.projection(h)).detach()
    for part, labels in zip(h.split(13), y.split(13), strict=True):
        branch(part, labels)
    branch.epoch_done()
    sums = torch.stack([z[y == k].sum(0) for k in range(3)])
    torch.testing.assert_close(branch.sums[0], sums)
    assert branch.counts.tolist() == [[20, 20, 20], [0, 0, 0]]
    torch.testing.assert_close(
        vmf_estimates(*(v.sum(0) for v in (branch.sums, branch.counts)))[1],
        vmf_estimates(sums, torch.full((3,), 20.0))[1],
    )


def test_the_epoch_before_counts_beside_the_current_one_and_no_older():
    branch, y = projected(), torch.arange(6) % 3
    epochs = [torch.randn(6, 4, generator=torch.Generator().manual_seed(k)) for k in range(3)]
    for h in epochs[:2]:
        branch(h, y)
        branch.epoch_done()
    z = [F.normalize(branch.projection(h)).detach() for h in epochs]
    both = torch.cat([z[1], z[2]])
    sums = torch.stack([both[y.repeat(2) == k].sum(0) for k in range(3)])
    mu, kappa = vmf_estimates(sums, torch.full((3,), 4.0))
    expected = proco_loss(z[2], y, mu, kappa, branch.prior)
    torch.testing.assert_close(branch(epochs[2], y), expected)


def test_nothing_is_counted_in_evaluation_mode():
    branch = projected().eval()
    branch(torch.ones(2, 4), torch.tensor([0, 1]))
    assert not branch.counts.any()


def test_views_are_averaged():
    branch = projected()
    branch.views = 2
    h, y = torch.randn(12, 4), torch.arange(6) % 3
    together = branch(h, y)
    both = vmf_estimates(branch.sums.sum(0), branch.counts.sum(0))
    z = F.normalize(branch.projection(h))
    apart = [proco_loss(half, y, *both, branch.prior) for half in z.split(6)]
    torch.testing.assert_close(together, sum(apart) / 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tau": -1}, "tau is -1"),
        ({"alpha": 0}, "alpha is 0"),
        ({"views": -1}, "views is -1"),
        ({"views": 1.5}, "views is 1.5"),
        ({"view_augment": "simm"}, "did you mean sim"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        ProCo([3, 1], 4, **options)


def test_further_views_stand_behind_the_classified_one():
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(256, (10, 3, 8, 8), generator=rng, dtype=torch.uint8)
    data, crop = ArrayDataset(x, torch.arange(10) % 2), augment_by_name("crop-flip")
    views = Views(2, augment_by_name("sim"))
    seeds = [torch.Generator().manual_seed(1) for _ in range(3)]
    plain = Batches(data, batch_size=4, augment=crop, rng=seeds[0])
    more = [*Batches(data, batch_size=4, augment=crop, rng=seeds[1], views=views)]
    assert [(len(x), len(y)) for x, y in more] == [(12, 4), (12, 4), (6, 2)]
    first = more[0][0]
    assert torch.equal(first[:4], next(iter(plain))[0])
    assert not torch.equal(first[4:8], first[8:])  # each view is drawn for itself
    bare = next(iter(Batches(data, batch_size=4, rng=seeds[2], views=Views(1, None))))[0]
    assert torch.equal(bare[:4], bare[4:])
