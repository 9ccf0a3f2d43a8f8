"""Partners to mix with: samples of the whole training set, drawn by class and augmented."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset, Samples, as_dataset, class_counts, labels_of, take
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.batches import Batches
from imbtorch.errors import InputError
from imbtorch.seeding import generator_from, same_random_state, seed_from


def partner_shares(class_counts: Sequence[int] | Tensor, r: float) -> Tensor:
    """Return the probability of each class among partners, see `Partners`: (K,), float64.

    Examples
    --------
    >>> partner_shares([90, 0, 10], r=2.0)
    tensor([0.1000, 0.0000, 0.9000], dtype=torch.float64)
    """
    counts = torch.as_tensor(class_counts)
    power = (1 - r) * counts.double().log()  # large powers of large counts stay finite
    power[counts == 0] = -torch.inf
    return power.softmax(0)


class Partners:
    r"""Draw samples of a training set, rare classes more often than they are in it.

    .. math:: P(\text{class } k) \propto n_k^{1 - r}

    and, within the class, each sample with equal probability and with replacement: every sample
    has the weight :math:`n_k^{-r}` of its class.

    Parameters
    ----------
    train : Dataset or pair (x, y)
        The training set; see `Samples`.
    r : float, default=1.0
        At least 0. With 0 samples are drawn as they are, with 1 all classes equally often, and
        with 2 in inverse proportion to their counts. A class without a sample is not drawn.
    augment : callable, optional
        Batch-wise augmentation of what is drawn, such as `crop_flip`.
    rng : torch.Generator, optional
        On the CPU; the samples are drawn from it, and augmented with it, and so is the seed of what
        a Dataset draws itself. By default a randomly seeded one.

    Raises
    ------
    InputError
        If `r` is negative or not finite.

    Examples
    --------
    >>> train = torch.rand(100, 3, 8, 8), torch.tensor([0] * 90 + [1] * 10)
    >>> partners = Partners(train, rng=torch.Generator().manual_seed(0))
    >>> partners.shares.tolist()
    [0.5, 0.5]
    >>> x, y = partners.draw(32)
    >>> x.shape, y.shape
    (torch.Size([32, 3, 8, 8]), torch.Size([32]))
    """

    def __init__(
        self,
        train: Samples,
        r: float = 1.0,
        *,
        augment: Augment | None = None,
        rng: torch.Generator | None = None,
    ) -> None:
        if not (r >= 0 and isfinite(r)):
            raise InputError(f"r is {r}; it must be at least 0 and finite")
        self.train: Dataset[Any] = as_dataset(train)
        self.augment, self.rng = augment, generator_from(rng)
        counts = torch.tensor(class_counts(self.train))
        self.shares = partner_shares(counts, r)
        self._order = labels_of(self.train).argsort(stable=True)
        self._counts, self._first = counts, counts.cumsum(0) - counts

    def rows(self, n: int) -> Tensor:
        """Draw the indices of n samples, shape (n,), int64."""
        k = torch.multinomial(self.shares, n, replacement=True, generator=self.rng)
        place = torch.rand(n, generator=self.rng, dtype=torch.float64) * self._counts[k]
        return self._order[self._first[k] + place.long()]

    @same_random_state()
    def draw(self, n: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Draw n samples, augmented, on a device: x of shape (n, ...) float, y of shape (n,)."""
        rows = self.rows(n)
        if not isinstance(self.train, ArrayDataset):
            seed_from(self.rng)
        batches = Batches(
            take(self.train, rows),
            batch_size=n,
            device=device,
            augment=self.augment,
            rng=self.rng,
        )
        ((x, y),) = batches
        return x, y
