"""CutMix whose pasted part comes from a class-balanced draw of the training set."""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Any

import torch
import torch.nn.functional as F
from scipy.special import betaln
from torch import Tensor, nn

from imbtorch.data.arrays import Samples
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.checks import check_batch, check_images
from imbtorch.errors import InputError
from imbtorch.seeding import generator_from
from imbtorch.transforms.mixup import check_alpha, draw_share
from imbtorch.transforms.partners import Partners, partner_shares

Box = tuple[int, int, int, int]
"""Part of an image: top, bottom, left, right, in pixels; bottom and right are outside it."""


class CutMix:
    r"""Paste a part of another image into each image of a batch, and mix their labels by area.

    With probability p, one box for the whole batch is drawn, and image j of the batch gets in it
    what its own partner has there:

    .. math:: \tilde x_j = M \odot x_j + (1 - M) \odot x'_j, \quad
              \tilde y_j = \lambda e_{y_j} + (1 - \lambda) e_{y'_j}

    where M is 0 inside the box and 1 outside. The box has :math:`\sqrt{1 - \lambda_0}` of the
    height and of the width, :math:`\lambda_0 \sim \mathrm{Beta}(\alpha, \alpha)`, and its center
    is any pixel of the image; what would lie outside is cut off, and lambda is the share of the
    pixels that are left of x, exactly. The partners x' are drawn from the whole training set, by
    default every class equally often, and augmented as the batch is.

    Parameters
    ----------
    train : Dataset or pair (x, y)
        The training set that partners are drawn from: images (C, H, W), as large as those of the
        batches.
    num_classes : int
        Number of classes K.
    alpha : float, default=1.0
        Positive; 1 draws :math:`\lambda_0` uniformly.
    p : float, default=0.5
        Probability, in [0, 1], that a batch is mixed.
    r : float, default=1.0
        How much more often partners are of rare classes, at least 0: class k has the share
        :math:`n_k^{1 - r}`, up to a factor. 0 draws them as they are in the training set (CutMix
        as published), 1 all classes equally often, 2 in inverse proportion to their counts.
    augment : callable, optional
        Augmentation of the partners; in a run, the run's own.
    seed : int or torch.Generator, optional
        Source of all random draws, on the CPU. By default a fresh random seed.

    Raises
    ------
    InputError
        If an argument is out of range, the samples are no images or not of one size, a batch
        holds NaN, or its labels are mixed already.

    Notes
    -----
    ``cutmix(x, y, model) -> x, y`` takes x of shape (B, C, H, W) float and y of shape (B,) int64
    and returns y as class probabilities of shape (B, K) float32, also for a batch that is not
    mixed. The losses that accept them are those named at `Mixup`. `model` is not used.

    Differs from the paper in the partners: there they are the batch itself in random order.

    References
    ----------
    Yun et al., ICCV 2019, "CutMix: regularization strategy to train strong classifiers with
    localizable features", equations 1 and 2. Partners that favor rare classes: Park et al., CVPR
    2022, "The majority can help the minority" (CMO).

    Examples
    --------
    >>> black, white = torch.zeros(1, 8, 8), torch.ones(1, 8, 8)
    >>> train = torch.stack([black] * 9 + [white]), torch.tensor([0] * 9 + [1])
    >>> cutmix = CutMix(train, 2, p=1.0, seed=0)
    >>> x, y = cutmix(*train, nn.Identity())
    >>> torch.equal(x.mean((1, 2, 3)), y[:, 1])  # white is class 1
    True
    """

    moves_inputs = True
    of_images = True

    def __init__(
        self,
        train: Samples,
        num_classes: int,
        alpha: float = 1.0,
        p: float = 0.5,
        r: float = 1.0,
        *,
        augment: Augment | None = None,
        seed: int | torch.Generator | None = None,
    ) -> None:
        check_alpha(alpha)
        if not 0 <= p <= 1:
            raise InputError(f"p is {p}; it must lie in [0, 1]")
        self.rng = generator_from(seed)
        self.partners = Partners(train, r, augment=augment, rng=self.rng)
        if num_classes < len(self.partners.shares):
            raise InputError(
                f"num_classes is {num_classes}; train has the label {len(self.partners.shares) - 1}"
            )
        self.num_classes, self.alpha, self.p, self.r = num_classes, alpha, p, r

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the mixed batch and its labels as probabilities of shape (B, K)."""
        y = check_batch(x, y, self.num_classes)
        check_images(x)
        labels = F.one_hot(y, self.num_classes).float()
        if not self._uniform() < self.p:
            return x, labels
        top, bottom, left, right = self.box(*x.shape[2:])
        pasted = (bottom - top) * (right - left) / (x.shape[2] * x.shape[3])
        if not pasted or not len(x):
            return x, labels
        other, other_y = self.partners.draw(len(x), x.device)
        if other.shape != x.shape:
            raise InputError(
                f"x has images of shape {tuple(x.shape[1:])}, and those of train have the shape "
                f"{tuple(other.shape[1:])}; they must have the same"
            )
        x = x.clone()
        x[:, :, top:bottom, left:right] = other[:, :, top:bottom, left:right].to(x.dtype)
        other_labels = F.one_hot(other_y, self.num_classes).float()
        return x, (1 - pasted) * labels + pasted * other_labels

    @staticmethod
    def label_shares(
        shares: Sequence[float],
        class_counts: Sequence[int],
        alpha: float = 1.0,
        p: float = 0.5,
        r: float = 1.0,
    ) -> list[float]:
        """Return the class shares in mixed labels on average, but for rounding to pixels.

        Parameters
        ----------
        shares : sequence of float
            Class shares of the batches before, up to a factor.
        class_counts : sequence of int
            Class counts n_k of the training set that partners are drawn from.
        alpha, p, r : float
            See `CutMix`.

        Examples
        --------
        >>> CutMix.label_shares([0.9, 0.1], [90, 10], p=1.0)
        [0.771..., 0.228...]
        """
        # of side s, s - s^2 / 4 is inside on average; its square is the area, where s^2 is Beta
        first, middle, second = (
            exp(betaln(alpha + power, alpha) - betaln(alpha, alpha)) for power in (1, 1.5, 2)
        )
        pasted = p * (first - middle / 2 + second / 16)
        own = torch.tensor(shares, dtype=torch.float64)
        mixed = (1 - pasted) * own / own.sum() + pasted * partner_shares(class_counts, r)
        made: list[float] = mixed.tolist()
        return made

    def box(self, height: int, width: int) -> Box:
        """Draw a box in an image of some pixels; it may be empty."""
        side = sqrt(1 - draw_share(self.alpha, self.rng))
        (top, bottom), (left, right) = (self._span(size, side) for size in (height, width))
        return top, bottom, left, right

    def _span(self, size: int, side: float) -> tuple[int, int]:
        """Return where the box begins and ends in one dimension of the image."""
        length, center = int(size * side), int(self._uniform() * size)
        first = center - length // 2
        return max(first, 0), min(first + length, size)

    def _uniform(self) -> Any:
        return torch.rand((), generator=self.rng, dtype=torch.float64).item()
