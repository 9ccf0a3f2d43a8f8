"""CGAN: a conditional generative adversarial network for each class, against all others."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from imbtorch.data.checks import RandomState
from imbtorch.places import TrainedOnce
from imbtorch.resampling.base import Strategy
from imbtorch.resampling.generative.base import LAST_SEED, GenerativeSampler
from imbtorch.resampling.generative.networks import ConditionalDiscriminator, ConditionalGenerator
from imbtorch.resampling.generative.samples import Samples, in_blocks
from imbtorch.resampling.generative.training import adam, adversarial_step, train_steps
from imbtorch.seeding import scoped_seed

DECAY = 0.99
"""Share of a generator's moving average that a step keeps."""


def half_of_class(counts: Tensor, label: int) -> list[float]:
    """Return shares of the classes: half a batch is of one class, half of all other samples.

    Examples
    --------
    >>> half_of_class(torch.tensor([6, 5, 2]), 1)
    [0.375, 0.5, 0.125]
    """
    shares = counts.double()
    shares[label] = counts.sum() - counts[label]
    shares /= shares.sum()
    return [float(share) for share in shares]


def with_attribute(network: nn.Module, z: Tensor) -> Tensor:
    """Return samples (B, ...) of a class, made by its generator from noise (B, latent_size)."""
    made: Tensor = network(z, torch.ones(len(z), dtype=torch.int64, device=z.device))
    return made


class CGAN(GenerativeSampler):
    r"""Over-sample each rare class by a conditional GAN of its own, as the EOS paper compared it.

    For each class that lacks samples, a generator G and a discriminator D are trained that are told
    one attribute a, whether a sample is of that class (a = 1) or of any other (a = 0). Half of a
    batch is of the class. D minimizes

    .. math:: E_{x, a}[\max(0, 1 - D(x, a))] + E_{z, a}[\max(0, 1 + D(G(z, a), a))]

    and G minimizes :math:`-E_{z, a}[D(G(z, a), a)]`, with :math:`z \sim N(0, I)`. Synthetic samples
    are :math:`G(z, 1)`.

    There is one training a class: 100 classes cost ten times as much as 10.

    Parameters
    ----------
    steps : int, default=400
        Training steps of each class.
    batch_size : int, default=64
        Real samples a step, and as many made ones; at least 2.
    lr : float, default=1e-3
        Learning rate of Adam, in (0, 1).
    latent_size : int, default=64
        Size of the noise.
    width : int, default=16
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

    Differs from the paper: the EOS paper says that a model is trained for each class, and no more;
    the attribute is its reference's. The first paper has the loss of the original GAN and networks
    that see the condition as a further input. Here the loss is the hinge, D has spectral
    normalization and sees the attribute by projection: G gets gradients however sure D is, which
    matters where D sees 50 samples of a class. The other samples of a batch are drawn uniformly.
    Samples are drawn from a moving average of G's weights: the game does not come to rest.

    References
    ----------
    Mirza and Osindero, "Conditional generative adversarial nets", 2014; Dong, Xiao and Dong,
    "SA-CGAN: an oversampling method based on single attribute guided conditional GAN for
    multi-class imbalanced learning", Neurocomputing 2022; EOS (Dablain et al.), section V-D.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(60, 1, 8, 8)).astype(np.float32)
    >>> y = np.repeat([0, 1], [50, 10])
    >>> x_balanced, y_balanced = CGAN(steps=5, width=4, random_state=0).fit_resample(x, y)
    >>> x_balanced.shape, np.bincount(y_balanced)
    ((100, 1, 8, 8), array([50, 50]))
    """

    def __init__(
        self,
        *,
        sampling_strategy: Strategy = "auto",
        steps: int = 400,
        batch_size: int = 64,
        lr: float = 1e-3,
        latent_size: int = 64,
        width: int = 16,
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
        shape = samples.scaling.shape
        return nn.ModuleDict(
            {
                str(label): ConditionalGenerator(self.latent_size, 2, shape, self.width)
                for label in samples.lacking
            }
        )

    def _train(self, networks: nn.ModuleDict, samples: Samples, generator: torch.Generator) -> None:
        for label in samples.lacking:
            self._train_one(networks[str(label)], label, samples, generator)

    def _train_one(
        self, network: nn.Module, label: int, samples: Samples, generator: torch.Generator
    ) -> None:
        with scoped_seed(int(torch.randint(LAST_SEED, (), generator=generator))):
            shape = samples.scaling.shape
            discriminator = samples.beside(ConditionalDiscriminator(2, shape, self.width))
        optimizers = adam(discriminator, self.lr), adam(network, self.lr)
        shares = half_of_class(samples.counts, label)
        batches = samples.batches(self.batch_size, generator, shares)
        follow = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
        average = AveragedModel(network, multi_avg_fn=follow, use_buffers=True)

        def step() -> dict[str, Tensor]:
            x, y = next(batches)
            attribute = (y == label).long()
            z = torch.randn(len(x), self.latent_size, generator=generator).to(x)
            made = network(z, attribute), attribute
            losses = adversarial_step(discriminator, (x, attribute), made, optimizers)
            average.update_parameters(network)
            return losses

        title = f"CGAN of class {label}"
        train_steps(self.steps, step, title=title, verbose=self.verbose)
        network.load_state_dict(average.module.state_dict())

    def _draw(
        self,
        networks: nn.ModuleDict,
        samples: Samples,
        wanted: Mapping[int, int],
        generator: torch.Generator,
    ) -> Tensor:
        made = []
        for label, number in wanted.items():
            z = torch.randn(number, self.latent_size, generator=generator).to(samples.device)
            made.append(in_blocks(partial(with_attribute, networks[str(label)]), z))
        return torch.cat(made)
