"""Mixup and Remix: mix pairs of samples and their labels by weighted means."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import betainc, betaincinv
from torch import Tensor, nn

from imbtorch.data.checks import check_batch, check_counts
from imbtorch.errors import InputError
from imbtorch.seeding import generator_from


class Mixup:
    r"""Replace each sample of a batch with a weighted mean of itself and another sample.

    .. math:: \tilde x_i = \lambda x_i + (1 - \lambda) x_j, \quad
              \tilde y_i = \lambda e_{y_i} + (1 - \lambda) e_{y_j}, \quad
              \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    One lambda per batch; j runs over a random permutation of the batch.

    Parameters
    ----------
    num_classes : int
        Number of classes K.
    alpha : float, default=1.0
        Positive; larger values draw lambda closer to 1/2, and 1 draws it uniformly.
    seed : int or torch.Generator, optional
        Draws lambda and the permutation, on the CPU. By default a fresh random seed.

    Raises
    ------
    InputError
        If an argument is out of range, or the labels are mixed already.

    Notes
    -----
    ``mixup(x, y, model) -> x, y`` takes x of shape (B, ...) float and y of shape (B,) int64 and
    returns y as class probabilities of shape (B, K) float32. Torch's ``CrossEntropyLoss``
    accepts them, as do `BalancedSoftmaxLoss`, `LogitAdjustedLoss`, `CDTLoss`, `LDAMLoss` and
    `DBMLoss`; the others (`FocalLoss`, `AsymmetricLoss`) reject them. `model` is not used.

    References
    ----------
    Zhang et al., ICLR 2018, equation 1.

    Examples
    --------
    >>> x, y = torch.eye(2), torch.tensor([0, 1])
    >>> mixed, labels = Mixup(2, seed=0)(x, y, nn.Identity())
    >>> torch.allclose(mixed, labels)
    True
    """

    moves_inputs = True

    def __init__(
        self,
        num_classes: int,
        alpha: float = 1.0,
        *,
        seed: int | torch.Generator | None = None,
    ) -> None:
        if num_classes < 1:
            raise InputError(f"num_classes is {num_classes}; it must be at least 1")
        check_alpha(alpha)
        self.num_classes, self.alpha = num_classes, alpha
        self.rng = generator_from(seed)

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the mixed batch and its labels as probabilities of shape (B, K)."""
        y = check_batch(x, y, self.num_classes)
        lam = self.draw()
        order = torch.randperm(len(y), generator=self.rng).to(y.device)
        share = self.label_share(lam, y, y[order])[:, None]
        first, second = (F.one_hot(k, self.num_classes).float() for k in (y, y[order]))
        return lam * x + (1 - lam) * x[order], share * first + (1 - share) * second

    def draw(self) -> float:
        """Draw lambda for one batch."""
        return draw_share(self.alpha, self.rng)

    def label_share(self, lam: float, first: Tensor, second: Tensor) -> Tensor:
        """Return the share of the first label in each mixed one, shape (B,)."""
        return torch.full(first.shape, lam, device=first.device)


class Remix(Mixup):
    r"""Mixup that gives the whole label to the rarer class where the counts are far apart.

    The samples are mixed as in `Mixup`. The share of y_i in the label is

    .. math:: \lambda_y = \begin{cases}
        0 & n_i / n_j \ge \kappa \text{ and } \lambda < \tau \\
        1 & n_i / n_j \le 1 / \kappa \text{ and } 1 - \lambda < \tau \\
        \lambda & \text{otherwise} \end{cases}

    where n_i, n_j are the counts of the classes of the two samples.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers, each at least 1.
    alpha : float, default=1.0
        See `Mixup`.
    kappa : float, default=3.0
        Ratio of counts at which two classes count as far apart, at least 1.
    tau : float, default=0.5
        In [0, 1]; the rarer class gets the whole label only if the frequent class's share of the
        sample is below tau.
    seed : int or torch.Generator, optional
        See `Mixup`.

    Raises
    ------
    InputError
        If an argument is out of range, or the labels are mixed already.

    References
    ----------
    Chou et al., ECCV 2020 workshops, "Remix: rebalanced mixup", section 3.

    Examples
    --------
    >>> remix = Remix([90, 10])
    >>> frequent, rare = torch.tensor([0]), torch.tensor([1])
    >>> remix.label_share(0.25, frequent, rare), remix.label_share(0.75, frequent, rare)
    (tensor([0.]), tensor([0.7500]))
    """

    def __init__(
        self,
        class_counts: Sequence[int],
        alpha: float = 1.0,
        kappa: float = 3.0,
        tau: float = 0.5,
        *,
        seed: int | torch.Generator | None = None,
    ) -> None:
        if not kappa >= 1:
            raise InputError(f"kappa is {kappa}; it must be at least 1")
        if not 0 <= tau <= 1:
            raise InputError(f"tau is {tau}; it must lie in [0, 1]")
        self.counts = check_counts(class_counts)
        super().__init__(len(self.counts), alpha, seed=seed)
        self.kappa, self.tau = kappa, tau

    def label_share(self, lam: float, first: Tensor, second: Tensor) -> Tensor:
        """Return the share of the first label in each mixed one, shape (B,)."""
        n_first, n_second = self.counts[first.cpu()], self.counts[second.cpu()]
        share = torch.full(first.shape, lam)
        if lam < self.tau:
            share[n_first >= self.kappa * n_second] = 0.0
        if 1 - lam < self.tau:
            share[self.kappa * n_first <= n_second] = 1.0
        return share.to(first.device)

    @staticmethod
    def label_shares(
        shares: Sequence[float],
        class_counts: Sequence[int],
        alpha: float = 1.0,
        kappa: float = 3.0,
        tau: float = 0.5,
    ) -> list[float]:
        """Return the class shares in mixed labels on average.

        Parameters
        ----------
        shares : sequence of float
            Class shares of the batches before, up to a factor.
        class_counts : sequence of int
            Class counts n_k of the training set.
        alpha, kappa, tau : float
            See `Remix`.

        Examples
        --------
        >>> Remix.label_shares([0.9, 0.1], [90, 10])
        [0.87..., 0.12...]
        """
        own = np.array(shares, dtype=np.float64) / sum(shares)
        counts = np.array(class_counts)
        # lambda counts as 0 below `least`, as 1 above `most`; of lambda, its mean between
        least = np.where(counts[:, None] >= kappa * counts, tau, 0.0)
        most = np.where(kappa * counts[:, None] <= counts, 1 - tau, 1.0)
        between = (betainc(alpha + 1, alpha, most) - betainc(alpha + 1, alpha, least)) / 2
        first = 1 - betainc(alpha, alpha, most) + between.clip(0)
        made: list[float] = (own * (first @ own + (1 - first).T @ own)).tolist()
        return made


def check_alpha(alpha: float) -> None:
    """Raise an InputError unless the parameter of a Beta distribution is positive and finite."""
    if not 0 < alpha < float("inf"):
        raise InputError(f"alpha is {alpha}; it must be positive and finite")


def draw_share(alpha: float, rng: torch.Generator) -> float:
    """Draw from Beta(alpha, alpha), in 0..1."""
    # by the inverse distribution function, because torch's Beta takes no generator
    u = torch.rand((), generator=rng, dtype=torch.float64).item()
    return float(betaincinv(alpha, alpha, u))
