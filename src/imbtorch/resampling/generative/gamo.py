"""GAMO: a generator of convex combinations, against a classifier and a discriminator."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from imbtorch.data.checks import RandomState
from imbtorch.errors import InputError
from imbtorch.option_types import is_number
from imbtorch.places import TrainedOnce
from imbtorch.resampling.base import Strategy
from imbtorch.resampling.generative.base import LAST_SEED, GenerativeSampler
from imbtorch.resampling.generative.convex import Classifier, ConvexGenerator, erring_loss
from imbtorch.resampling.generative.networks import Autoencoder, ConditionalDiscriminator
from imbtorch.resampling.generative.samples import BLOCK, Samples, in_blocks
from imbtorch.resampling.generative.training import (
    adam,
    adversarial_step,
    minimize,
    train_autoencoder,
    train_steps,
)
from imbtorch.seeding import scoped_seed


class GAMO(GenerativeSampler):
    r"""Over-sample rare classes by convex combinations that a generator learns to choose.

    For noise z and a class k, a mapping shared by all classes (the paper's conditional transient
    mapping unit, cTMU) gives a vector, from which a unit of the class (its instance generation
    unit, IGU) gives a weight for each of the class's :math:`n_k` samples:

    .. math:: w = \mathrm{softmax}(\mathrm{IGU}_k(\mathrm{cTMU}(z, k))), \quad
              G(z, k) = \sum_i w_i x_i

    Three players: a classifier M learns real and made samples, a discriminator D tells them apart,
    given the class, and the generator wants M to err and D to call what it makes real:

    .. math:: E_{z, k}[-\lambda \log(1 - M_k(G(z, k))) - D(G(z, k), k)]

    Vectors x are combined themselves. Of images, the codes of an autoencoder are combined, which
    is trained first, and the synthetic samples are decoded from them.

    Parameters
    ----------
    error_weight : float, default=0.1
        :math:`\lambda`, of the classifier's errors, at least 0.
    steps : int, default=1000
        Training steps of the game; on images, of the autoencoder, too.
    batch_size : int, default=64
        Real samples a step, and as many made ones; at least 2.
    lr : float, default=1e-3
        Learning rate of Adam, in (0, 1).
    latent_size : int, default=64
        Size of the noise and of the codes.
    width : int, default=16
        Channels of the first convolution; a vector's hidden layers have eight times as many units.
    sampling_strategy, random_state, device, verbose, once
        See `DeepSMOTE`.

    Attributes
    ----------
    base_indices_ : ndarray of shape (n,), int64
        Row number of the real sample with the largest weight, of each synthetic row.
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
    synthetic vectors lie in the convex hull of their class. A class of one sample gets copies of
    it, or of its reconstruction.

    Differs from the paper: there a classifier with its generator is the result, here its synthetic
    samples, with which any classifier is trained, as in the EOS paper. Images are combined in the
    space of convolutional features that learn with M, and a further network makes images of those
    (GAMO2pix); one autoencoder does both here. Terms are weighted by the classes' priors there;
    here batches have as many real samples of each class, and as many made ones of each class that
    lacks some. D has the hinge loss and spectral normalization. The generator maximizes
    :math:`\log(1 - M_k)` in place of minimizing :math:`\log M_k`, which has no lower bound; it has
    a weight, 1 in the paper: at 1, the samples made of a class are soon much alike and look like
    another's.

    References
    ----------
    Mullick, Datta and Das, "Generative adversarial minority oversampling", ICCV 2019.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    >>> y = np.repeat([0, 1], [50, 10])
    >>> sampler = GAMO(steps=50, width=4, random_state=0)
    >>> x_balanced, y_balanced = sampler.fit_resample(x, y)
    >>> x_balanced.shape, np.bincount(y_balanced), sampler.base_indices_.shape
    ((100, 3), array([50, 50]), (40,))
    """

    base_indices_: NDArray[np.int64]

    def __init__(
        self,
        error_weight: float = 0.1,
        *,
        sampling_strategy: Strategy = "auto",
        steps: int = 1000,
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
        self.error_weight = error_weight

    def _check(self) -> None:
        super()._check()
        weight = self.error_weight
        if not is_number(weight) or not 0 <= weight < np.inf:
            raise InputError(f"error_weight is {weight!r}; it must be a number of at least 0")

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        self.base_indices_ = np.empty(0, np.int64)
        return super()._make(X, y)

    def _networks(self, samples: Samples) -> nn.Module:
        counts = {label: int(samples.counts[label]) for label in samples.lacking}
        networks = nn.ModuleDict(
            {"generator": ConvexGenerator(self.latent_size, counts, self.width)}
        )
        if len(samples.scaling.shape) == 3:
            shape = samples.scaling.shape
            networks["autoencoder"] = Autoencoder(shape, self.latent_size, self.width)
        return networks

    def _train(self, networks: nn.ModuleDict, samples: Samples, generator: torch.Generator) -> None:
        if "autoencoder" in networks:
            batches = samples.batches(self.batch_size, generator)
            title = "GAMO's autoencoder"
            train_autoencoder(
                networks["autoencoder"], batches, self.steps, self.lr, title, self.verbose
            )
        played = self._played(networks, samples)
        with scoped_seed(int(torch.randint(LAST_SEED, (), generator=generator))):
            shape, classes = played.scaling.shape, len(played.counts)
            classifier = played.beside(Classifier(shape[0], classes, self.width))
            discriminator = played.beside(ConditionalDiscriminator(classes, shape, self.width))
        of_classifier, of_discriminator, of_generator = (
            adam(player, self.lr) for player in (classifier, discriminator, networks["generator"])
        )
        batches = played.batches(self.batch_size, generator)
        members = {label: played.at(played.of_class(label)) for label in played.lacking}

        def step() -> dict[str, Tensor]:
            x, y = next(batches)
            drawn = torch.randint(len(members), (len(x),), generator=generator)
            labels = torch.tensor(played.lacking)[drawn].sort().values
            z = torch.randn(len(x), self.latent_size, generator=generator).to(x)
            weights = networks["generator"](z, labels.to(x.device))
            made_x = torch.cat([weights[label] @ members[label] for label in weights])
            made_y = labels.to(x.device)
            logits = classifier(torch.cat([x, made_x.detach()]))
            learned = F.cross_entropy(logits, torch.cat([y, made_y]))
            minimize(learned, of_classifier)
            losses = adversarial_step(
                discriminator,
                (x, y),
                (made_x, made_y),
                (of_discriminator, of_generator),
                lambda x, y: self.error_weight * erring_loss(classifier(x), y),
            )
            return {"classifier": learned.detach(), **losses}

        train_steps(self.steps, step, title="GAMO", verbose=self.verbose)

    def _played(self, networks: nn.ModuleDict, samples: Samples) -> Samples:
        """Return the samples that are combined: vectors as they are, the codes of images."""
        if "autoencoder" not in networks:
            return samples
        encoder = cast(Autoencoder, networks["autoencoder"].eval()).encoder
        with torch.no_grad():
            places = torch.arange(len(samples.rows))
            codes = in_blocks(lambda some: encoder(samples.at(some)), places).cpu()
        shape = codes.shape[1:]
        return Samples(codes, samples.labels, shape, samples.device, samples.lacking)

    def _draw(
        self,
        networks: nn.ModuleDict,
        samples: Samples,
        wanted: Mapping[int, int],
        generator: torch.Generator,
    ) -> Tensor:
        played = self._played(networks, samples)
        made, bases = [], []
        for label, number in wanted.items():
            rows = played.of_class(label)
            members = played.at(rows)
            z = torch.randn(number, self.latent_size, generator=generator).to(played.device)
            for block in torch.split(z, BLOCK):
                y = torch.full((len(block),), label, device=played.device)
                weights = networks["generator"](block, y)[label]
                made.append(weights @ members)
                bases.append(rows[weights.argmax(1).cpu()])
        self.base_indices_ = torch.cat(bases).numpy()
        points = torch.cat(made)
        if "autoencoder" not in networks:
            return points
        codes = played.scaling.back(points).to(samples.device)
        return in_blocks(cast(Autoencoder, networks["autoencoder"]).decoder, codes)
