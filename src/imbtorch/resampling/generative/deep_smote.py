"""DeepSMOTE: SMOTE in the latent space of an autoencoder."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.data.checks import RandomState
from imbtorch.option_types import check_whole
from imbtorch.places import TrainedOnce
from imbtorch.resampling.base import Strategy
from imbtorch.resampling.generative.base import GenerativeSampler
from imbtorch.resampling.generative.networks import Autoencoder
from imbtorch.resampling.generative.samples import Samples, in_blocks
from imbtorch.resampling.generative.training import minimize, train_steps
from imbtorch.resampling.smote import SMOTE


def permutation_penalty(autoencoder: Autoencoder, x: Tensor, order: Tensor) -> Tensor:
    r"""Return DeepSMOTE's penalty: the codes of some samples are permuted before they are decoded.

    .. math:: \frac{1}{B D} \sum_i \lVert D(E(x)_{\pi(i)}) - x_i \rVert^2

    Parameters
    ----------
    autoencoder : Autoencoder
        Encoder E and decoder D.
    x : Tensor of shape (B, ...)
        Samples of one class.
    order : Tensor of shape (B,), int64
        Permutation :math:`\pi`.
    """
    return F.mse_loss(autoencoder.decoder(autoencoder.encoder(x)[order]), x)


class DeepSMOTE(GenerativeSampler):
    r"""Over-sample rare classes by SMOTE between the codes of an autoencoder.

    An autoencoder learns to reproduce all samples; beside the reconstruction error of a batch,
    it minimizes that of samples of one class, drawn at random, whose codes are permuted:

    .. math:: \mathrm{MSE}(D(E(x)), x) + \mathrm{MSE}(D(E(x')_\pi), x')

    Synthetic samples are :math:`D(b + r (n - b))`, with codes b and n of neighbors of a class and
    :math:`r \sim U[0, 1)`, as in `SMOTE`.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors k within the class, or all that the class has if there are fewer.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to which count, as everywhere in imbalanced-learn.
    steps : int, default=3000
        Training steps.
    batch_size : int, default=64
        Samples a step, and again as many for the penalty; at least 2.
    lr : float, default=1e-3
        Learning rate of Adam, in (0, 1).
    latent_size : int, default=64
        Size of the codes.
    width : int, default=32
        Channels of the first convolution; a vector's hidden layers have eight times as many units.
    random_state : int, RandomState or None, default=None
        Draws initial weights, batches and synthetic samples.
    device : str, optional
        Where to train; by default "cuda" if there is a GPU, else "cpu".
    verbose : bool, default=False
        Whether to show a progress bar.
    once : TrainedOnce, optional
        Keeps the trained networks, see `imbtorch.places.TrainedOnce`.

    Attributes
    ----------
    nearest_indices_ : ndarray of shape (n,), int64
        Row number of the nearest real sample of its class (Euclidean), of each synthetic row.
    distances_ : ndarray of shape (n,), float32
        Distance to it, per value: the root of the mean squared difference, in the units of X.
    sampling_strategy_ : dict
        Class -> number of synthetic rows, in the order of the rows.
    examples_ : dict
        Class -> up to 8 synthetic samples, in the shape and kind of X's; of arrays and Tensors.
    seconds_ : float
        Time of the training, even if it took place earlier; 0 if nothing was to be made.

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

    Differs from the paper: batches have as many samples of each class, so that 5 samples are not
    forgotten among 5,000; neighbors are those of the codes, where SMOTE takes place, as in the
    authors' program. A class of one sample gets copies of that sample's reconstruction.

    References
    ----------
    Dablain, Krawczyk and Chawla, "DeepSMOTE: fusing deep learning and SMOTE for imbalanced data",
    IEEE TNNLS 2022, Algorithm 1.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 1, 8, 8)).astype(np.float32)
    >>> y = np.repeat([0, 1], [50, 10])
    >>> x_balanced, y_balanced = DeepSMOTE(steps=5, width=4, random_state=0).fit_resample(x, y)
    >>> x_balanced.shape, np.bincount(y_balanced)
    ((100, 1, 8, 8), array([50, 50]))
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        sampling_strategy: Strategy = "auto",
        steps: int = 3000,
        batch_size: int = 64,
        lr: float = 1e-3,
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
        self.n_neighbors = n_neighbors

    def _check(self) -> None:
        super()._check()
        check_whole("n_neighbors", self.n_neighbors, 1)

    def _networks(self, samples: Samples) -> nn.Module:
        return Autoencoder(samples.scaling.shape, self.latent_size, self.width)

    def _train(self, networks: Autoencoder, samples: Samples, generator: torch.Generator) -> None:
        optimizer = torch.optim.Adam(networks.parameters(), lr=self.lr)
        batches = samples.batches(self.batch_size, generator)

        def step() -> dict[str, Tensor]:
            x, _ = next(batches)
            label = int(torch.randint(len(samples.counts), (), generator=generator))
            alike = samples.some_of_class(label, self.batch_size, generator)
            order = torch.randperm(len(alike), generator=generator)
            reconstruction = F.mse_loss(networks(x), x)
            penalty = permutation_penalty(networks, alike, order.to(x.device))
            minimize(reconstruction + penalty, optimizer)
            return {"reconstruction": reconstruction.detach(), "penalty": penalty.detach()}

        train_steps(self.steps, step, title="DeepSMOTE", verbose=self.verbose)

    def _draw(
        self,
        networks: Autoencoder,
        samples: Samples,
        wanted: Mapping[int, int],
        generator: torch.Generator,
    ) -> Tensor:
        places = torch.arange(len(samples.rows))
        codes = in_blocks(lambda some: networks.encoder(samples.at(some)), places)
        smote = SMOTE(
            self.n_neighbors,
            sampling_strategy={k: int(samples.counts[k]) + n for k, n in wanted.items()},
            top_up=True,
            random_state=int(torch.randint(2**31 - 1, (), generator=generator)),
        )
        smote.warns_when_short = False  # a class of one sample, which is repeated
        points, labels = smote.fit_resample(codes.cpu().numpy(), samples.labels.numpy())
        new = {k: points[len(places) :][labels[len(places) :] == k] for k in wanted}
        between = torch.from_numpy(np.concatenate([*new.values()])).to(samples.device)
        return in_blocks(networks.decoder, between)
