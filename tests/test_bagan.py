"""BAGAN: Gaussians of few codes, a discriminator that starts as the encoder, balanced batches."""

import numpy as np
import pytest
import torch
from torch import nn

from imbtorch.resampling import BAGAN
from imbtorch.resampling.generative.bagan import BalancingGAN, discriminator_targets
from imbtorch.resampling.generative.gaussians import class_gaussians
from imbtorch.resampling.generative.samples import Samples


def codes_of(counts, size):
    generator = torch.Generator().manual_seed(0)
    mix = torch.randn(size, size, generator=generator)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    noise = torch.randn(len(labels), size, generator=generator)
    return noise @ mix + 3 * labels[:, None], labels


def test_gaussians_in_one_dimension():
    codes = torch.tensor([0.0, 2.0, 5.0, -1.0, 1.0, -3.0, 3.0])[:, None]
    means, covariances = class_gaussians(codes, torch.tensor([0, 0, 1, 2, 2, 2, 2]))
    assert means.flatten().tolist() == [1, 5, 0]
    assert covariances.flatten().tolist() == pytest.approx([12 / 7, 11 / 7, 162 / 35], abs=1e-5)


@pytest.mark.parametrize("size", [3, 40])
def test_gaussians_of_one_of_two_and_of_many_codes(size):
    codes, labels = codes_of([1, 2, 3000], size)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))
    means, covariances = class_gaussians(codes[order], labels[order])
    assert torch.equal(means[0], codes[0])
    assert torch.allclose(means[1], codes[1:3].mean(0))
    assert torch.allclose(means[2], codes[3:].mean(0), atol=1e-5)
    assert torch.equal(covariances, covariances.mT)
    assert (torch.linalg.eigvalsh(covariances) > 0).all()
    own = torch.cov(codes[3:].T)
    assert torch.linalg.norm(covariances[2] - own) < 0.02 * torch.linalg.norm(own)


def test_gaussians_of_codes_without_any_spread():
    means, covariances = class_gaussians(torch.ones(3, 4), torch.tensor([0, 1, 2]))
    assert torch.equal(means, torch.ones(3, 4))
    assert (torch.linalg.eigvalsh(covariances) > 0).all()


def test_latents_have_the_mean_and_the_covariance_of_their_class():
    codes, labels = codes_of([5, 300], 3)
    networks = BalancingGAN((6,), 2, 3, 2)
    networks.start(codes, labels)
    means, covariances = class_gaussians(codes, labels)
    for label in (0, 1):
        drawn = networks.latents(torch.full((40_000,), label), torch.Generator().manual_seed(0))
        spread = covariances[label].diagonal().max()
        assert torch.allclose(drawn.mean(0), means[label], atol=0.03 * float(spread**0.5))
        assert torch.allclose(torch.cov(drawn.T), covariances[label], atol=0.03 * float(spread))


@pytest.mark.parametrize("shape", [(6,), (1, 12, 12)])
def test_the_discriminator_starts_as_the_encoder_but_is_none(shape):
    networks = BalancingGAN(shape, 3, 4, 2)
    x = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        networks.autoencoder(x)
    networks.eval()
    encoder, discriminator = networks.autoencoder.encoder.layers, networks.discriminator.layers
    assert not torch.equal(encoder[:-1](x), discriminator[:-1](x))
    networks.start(*codes_of([3, 3, 3], 4))
    features = encoder[:-1](x)
    assert torch.equal(features, discriminator[:-1](x))
    assert discriminator(x).shape == (5, 4)
    with torch.no_grad():
        for parameter in networks.discriminator.parameters():
            parameter.add_(1.0)
    assert torch.equal(features, encoder[:-1](x))


def test_real_samples_keep_their_class_and_those_made_are_class_k():
    assert discriminator_targets(torch.tensor([2, 0]), 3, 4).tolist() == [2, 0, 4, 4, 4]


def test_one_in_k_plus_1_of_a_discriminators_batch_is_made():
    rows = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    samples = Samples(rows, torch.arange(12) % 3, (5,), torch.device("cpu"))
    networks = BalancingGAN((5,), 3, 4, 2)
    seen = []
    networks.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    BAGAN(steps=1, batch_size=9)._train(networks, samples, torch.Generator().manual_seed(0))
    assert seen == [9 + 3, 9 + 3]


def test_samples_are_drawn_from_their_class_in_order():
    rows = torch.zeros(6, 2)
    samples = Samples(rows, torch.tensor([0, 0, 0, 1, 2, 2]), (2,), torch.device("cpu"))
    networks = BalancingGAN((2,), 3, 2, 2)
    networks.autoencoder.decoder = nn.Identity()
    networks.means.copy_(torch.arange(3.0)[:, None].expand(3, 2) * 100)
    wanted = {2: 300, 1: 2}
    made = BAGAN()._draw(networks, samples, wanted, torch.Generator().manual_seed(0))
    assert (made / 100).round()[:, 0].tolist() == [2.0] * 300 + [1.0] * 2


def test_what_is_made_of_a_class_lies_where_the_class_does():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 6])
    x = (rng.normal(0, 1, (66, 4)) + 6 * y[:, None]).astype(np.float32)
    x_new, _ = BAGAN(steps=100, width=4, latent_size=4, random_state=0).fit_resample(x, y)
    assert (x_new[66:].mean(1) > 3).all()  # nearer to 6 than to 0
