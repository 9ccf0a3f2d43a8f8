"""BAGAN: a GAN that starts from an autoencoder, and draws latent vectors from class Gaussians."""

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import remove_parametrizations

from imbtorch.data.checks import RandomState
from imbtorch.places import TrainedOnce
from imbtorch.resampling.base import Strategy
from imbtorch.resampling.generative.base import GenerativeSampler
from imbtorch.resampling.generative.gaussians import class_gaussians
from imbtorch.resampling.generative.networks import Autoencoder, Encoder
from imbtorch.resampling.generative.samples import Samples, in_blocks
from imbtorch.resampling.generative.training import (
    adam,
    minimize,
    train_autoencoder,
    train_steps,
)

Batches = Iterator[tuple[Tensor, Tensor]]


class BalancingGAN(nn.Module):
    """BAGAN's networks, and the Gaussians of the classes in latent space.

    Encoder and discriminator have spectral normalization and therefore treat each sample alone;
    decoder, that is generator, has batch normalization.

    Parameters
    ----------
    shape : sequence of int
        (C, H, W) of an image or (D,) of a vector.
    num_classes, latent_size : int
        Number of labels, and size of the codes.
    width : int
        See `Encoder`.
    """

    means: Tensor
    factors: Tensor

    def __init__(
        self, shape: tuple[int, ...], num_classes: int, latent_size: int, width: int
    ) -> None:
        super().__init__()
        self.autoencoder = Autoencoder(shape, latent_size, width, spectral=True)
        self.discriminator = Encoder(shape, num_classes + 1, width, spectral=True)
        remove_parametrizations(self.discriminator.layers[-1], "weight")  # logits of any size
        self.register_buffer("means", torch.zeros(num_classes, latent_size))
        self.register_buffer("factors", torch.eye(latent_size).repeat(num_classes, 1, 1))

    def start(self, codes: Tensor, labels: Tensor) -> None:
        """Prepare the game: fit the Gaussians, and start the discriminator from the encoder."""
        means, covariances = class_gaussians(codes.cpu(), labels)
        self.means.copy_(means)
        self.factors.copy_(torch.linalg.cholesky(covariances.double()))
        features = self.autoencoder.encoder.layers[:-1]
        self.discriminator.layers[:-1].load_state_dict(features.state_dict())

    def latents(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Return a latent vector (B, latent_size) of the Gaussian of each label (B,)."""
        noise = torch.randn(len(labels), self.means.shape[1], generator=generator)
        spread = self.factors[labels] @ noise.to(self.means)[:, :, None]
        return self.means[labels] + spread[:, :, 0]

    def forward(self, z: Tensor) -> Tensor:
        """Return samples (B, ...) of latent vectors (B, latent_size): the generator."""
        sample: Tensor = self.autoencoder.decoder(z)
        return sample


def discriminator_targets(y: Tensor, made: int, num_classes: int) -> Tensor:
    """Return the labels of a discriminator's batch: those of real samples, then K, "fake".

    Examples
    --------
    >>> discriminator_targets(torch.tensor([2, 0]), 1, 3)
    tensor([2, 0, 3])
    """
    return torch.cat([y, y.new_full((made,), num_classes)])


class BAGAN(GenerativeSampler):
    r"""Over-sample rare classes by a GAN that starts from an autoencoder of all classes.

    An autoencoder learns to reproduce all samples, :math:`\min \lVert D(E(x)) - x \rVert^2`. The
    codes of each class then give a Gaussian, see `class_gaussians`; the decoder becomes the
    generator G, and the encoder, with a new last layer of K + 1 outputs, the discriminator, whose
    softmax P is over the K classes and "fake". The two are trained in turn:

    .. math::
        \min_P \; -\sum_i \log P(y_i \mid x_i) - \sum_j \log P(\text{fake} \mid G(z_j))

        \min_G \; -\sum_j \log P(c_j \mid G(z_j)), \quad z_j \sim N(\mu_{c_j}, \Sigma_{c_j})

    with as many fake samples as real ones of a class: one in K + 1. Synthetic samples of a class
    are G(z), with z of its Gaussian.

    Parameters
    ----------
    steps : int, default=1500
        Training steps of the autoencoder, and again of generator and discriminator.
    batch_size : int, default=64
        Real samples a step; at least 2.
    lr : float, default=5e-4
        Learning rate of Adam, in (0, 1).
    latent_size : int, default=64
        Size of the codes.
    width : int, default=32
        Channels of the first convolution; a vector's hidden layers have eight times as many units.
    sampling_strategy, random_state, device, verbose, once
        See `DeepSMOTE`.

    Attributes
    ----------
    nearest_indices_, distances_, sampling_strategy_, examples_, seconds_
        See `DeepSMOTE`.

    Raises
    ------
    InputError
        If an argument is out of range.
    Diverged
        If a loss is no finite number.

    Notes
    -----
    ``fit_resample(X, y)`` takes images (N, C, H, W) or (N, H, W), in uint8 or floats, or vectors
    (N, D). Images are scaled to -1..1 and vectors to mean 0 and standard deviation 1 by column;
    synthetic samples stay within the values of all real ones.

    Differs from the paper: real batches have as many samples of each class, in both stages, so that
    5 samples are not forgotten among 5,000; the authors' program takes them as they come. A class's
    covariance is shrunk to one common to all classes, which a class of one sample gets as it is:
    few codes have none of full rank. Spectral normalization of encoder and discriminator stands in
    for the program's dropout, and the decoder has batch normalization; a learning rate ten times
    its 5e-5 needs fewer steps, and codes have 64 values instead of 100. As in the program, Adam's
    first beta is 0.5 in the game, both stages last as long, and the generator's batch is as large
    as the discriminator's, with labels drawn uniformly.

    References
    ----------
    Mariani, Scheidegger, Istrate, Bekas and Malossi, "BAGAN: data augmentation with balancing GAN",
    arXiv:1803.09655, 2018.

    Examples
    --------
    >>> x = torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> y = torch.arange(60) // 50
    >>> x_balanced, y_balanced = BAGAN(steps=5, width=4, random_state=0).fit_resample(x, y)
    >>> x_balanced.shape, y_balanced.bincount()
    (torch.Size([100, 1, 8, 8]), tensor([50, 50]))
    """

    def __init__(
        self,
        *,
        sampling_strategy: Strategy = "auto",
        steps: int = 1500,
        batch_size: int = 64,
        lr: float = 5e-4,
        latent_size: int = 64,
        width: int = 32,
        random_state: RandomState = None,
        device: str | None = None,
        verbose: bool = False,
        once: TrainedOnce | None = None,
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            steps=steps,
            batch_size=batch_size,
            lr=lr,
            latent_size=latent_size,
            width=width,
            random_state=random_state,
            device=device,
            verbose=verbose,
            once=once,
        )

    def _networks(self, samples: Samples) -> nn.Module:
        shape, num_classes = samples.scaling.shape, len(samples.counts)
        return BalancingGAN(shape, num_classes, self.latent_size, self.width)

    def _train(self, networks: BalancingGAN, samples: Samples, generator: torch.Generator) -> None:
        batches = samples.batches(self.batch_size, generator)
        title = "BAGAN's autoencoder"
        train_autoencoder(networks.autoencoder, batches, self.steps, self.lr, title, self.verbose)
        networks.eval()
        with torch.no_grad():
            places = torch.arange(len(samples.rows))
            encode = networks.autoencoder.encoder
            codes = in_blocks(lambda some: encode(samples.at(some)), places)
            networks.start(codes, samples.labels)
        networks.train()
        self._train_game(networks, batches, generator)

    def _train_game(
        self, networks: BalancingGAN, batches: Batches, generator: torch.Generator
    ) -> None:
        num_classes, judge = len(networks.means), networks.discriminator
        of_discriminator = adam(judge, self.lr)
        of_generator = adam(networks.autoencoder.decoder, self.lr)
        fakes = -(-self.batch_size // num_classes)

        def step() -> dict[str, Tensor]:
            x, y = next(batches)
            labels = torch.randint(num_classes, (len(x) + fakes,), generator=generator)
            wanted = labels.to(y.device)
            made = networks(networks.latents(wanted, generator))
            scores = judge(torch.cat([x, made[:fakes].detach()]))
            targets = discriminator_targets(y, fakes, num_classes)
            judged = minimize(F.cross_entropy(scores, targets), of_discriminator)
            fooled = minimize(F.cross_entropy(judge(made), wanted), of_generator)
            return {"discriminator": judged, "generator": fooled}

        train_steps(self.steps, step, title="BAGAN", verbose=self.verbose)

    def _draw(
        self,
        networks: BalancingGAN,
        samples: Samples,
        wanted: Mapping[int, int],
        generator: torch.Generator,
    ) -> Tensor:
        labels = torch.tensor([k for k, n in wanted.items() for _ in range(n)])
        return in_blocks(
            lambda some: networks(networks.latents(some, generator)), labels.to(samples.device)
        )
