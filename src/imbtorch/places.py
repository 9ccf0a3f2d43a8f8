"""The four places where imbalance can be met: what a method must be able to do there.

The data set (`OverSampler`), the mini-batch (`EpochSampler`, `BatchTransform`), the loss (`Loss`,
`ClassWeights`) and the embedding space (`OverSampler` again). A method needs no base class: it
only has to fit the protocol of its place.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeAlias, TypeVar, Union

from torch import Tensor, nn

T = TypeVar("T")
Slot: TypeAlias = Union[partial[object], Callable[..., T], T, None]  # noqa: UP007
"""A method as a phase holds it: finished, or a class (or ``functools.partial`` of one) that is
called when the run starts, with the arguments that it names and the run knows; or None."""


class Loss(Protocol):
    """Logits of shape (B, K) and labels of shape (B,) -> scalar; usually an ``nn.Module``."""

    def __call__(self, logits: Tensor, y: Tensor, /) -> Tensor:
        """Return the loss of a batch."""


class ClassWeights(Protocol):
    """Class counts n_k, K numbers -> class weights of shape (K,)."""

    def __call__(self, class_counts: Sequence[int], /) -> Tensor:
        """Return one weight a class."""


class EpochSampler(Protocol):
    """The indices of an epoch, as torch's ``DistributedSampler`` gives them."""

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of this process in the current epoch."""

    def __len__(self) -> int:
        """Return how many there are."""

    def set_epoch(self, epoch: int, /) -> None:
        """Choose the epoch, counted from 0, that the next iteration follows."""


class BatchTransform(Protocol):
    """A batch and the network in training -> the batch to train on."""

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module, /) -> tuple[Tensor, Tensor]:
        """Return x of shape (B, ...), and y of shape (B,) or class probabilities (B, K)."""


class OverSampler(Protocol):
    """imbalanced-learn's contract: arrays in, more arrays out."""

    def fit_resample(self, X: object, y: object, /) -> tuple[object, object]:
        """Return X of shape (N', D) and y of shape (N',)."""


class NeighborSearch(Protocol):
    """Finds nearest neighbours with scikit-learn's interface, as `Neighbors`."""

    def fit(self, X: object, y: None = None, /) -> object:
        """Take the rows among which neighbours are sought."""

    def kneighbors(self, X: object, n_neighbors: int, return_distance: bool) -> object:
        """Find the nearest neighbours of each row."""
