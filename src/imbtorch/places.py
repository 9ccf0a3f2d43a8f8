"""The four places where a method can act against imbalance, and the protocol of each.

The data set (`OverSampler`), the mini-batch (`EpochSampler`, `BatchTransform`), the loss (`Loss`)
and the embedding space (`OverSampler` again); and how a step finds its gradients (`Step`). A method
needs no base class: it only has to match the protocol of its place.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, Union

from torch import Tensor, nn

from imbtorch.errors import InputError

T = TypeVar("T")
Slot: TypeAlias = Union[partial[object], Callable[..., T], T, None]  # noqa: UP007
"""A method as a phase holds it: ready to use, or a class (or ``functools.partial`` of one) that is
called when the run starts, with the arguments that it names and the run knows; or None."""


def preset(slot: object) -> dict[str, Any]:
    """Return the arguments that a ``functools.partial`` sets, by name; nothing of other slots.

    Examples
    --------
    >>> def method(class_counts, beta=0.9, gamma=1.0):
    ...     return class_counts, beta
    >>> preset(partial(method, [9, 1], gamma=2.0))
    {'class_counts': [9, 1], 'gamma': 2.0}
    """
    if not isinstance(slot, partial):
        return {}
    signature = inspect.signature(slot.func)
    try:
        found = signature.bind_partial(*slot.args, **slot.keywords).arguments
    except TypeError as error:
        name = getattr(slot.func, "__name__", slot.func)
        raise InputError(f"a partial sets arguments that {name} does not take: {error}") from error
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= found.pop(name, {})
    return found


class Loss(Protocol):
    """Logits of shape (B, K) and labels of shape (B,) -> scalar; usually an ``nn.Module``."""

    def __call__(self, logits: Tensor, y: Tensor, /) -> Tensor:
        """Return the loss of a batch."""


class EpochSampler(Protocol):
    """The indices of an epoch, with the interface of torch's ``DistributedSampler``."""

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of this process in the current epoch."""

    def __len__(self) -> int:
        """Return the number of these indices."""

    def set_epoch(self, epoch: int, /) -> None:
        """Set the epoch, counted from 0, of the next iteration."""


class BatchTransform(Protocol):
    """A batch and the network being trained -> the batch to train on."""

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module, /) -> tuple[Tensor, Tensor]:
        """Return x of shape (B, ...), and y of shape (B,) or class probabilities (B, K)."""


class Branch(Protocol):
    """A loss of embeddings with parameters of its own, learned beside the network's; a module."""

    views: int
    """Further views of each sample; with 0, the classified view is taken."""
    view_augment: str
    """Name of their augmentation."""
    weight: float
    """Factor of its loss."""
    again: bool
    """Whether a batch is seen again, in a further pass of the same step."""

    def __call__(self, embeddings: Tensor, y: Tensor, /) -> Tensor:
        """Return the loss of embeddings (V * B, D), view after view, with labels (B,)."""

    def epoch_done(self) -> None:
        """End an epoch."""


class Backward(Protocol):
    """One pass over the batch of a step: forward, loss, backward; gradients add up."""

    def __call__(self, share: Tensor | None = None, /) -> Tensor:
        """Return the loss of the batch, detached.

        `share`, of shape (B,) in 0..1, is the share of each sample's gradient that is taken, by
        default the whole; the loss is that of all samples in any case.
        """


class Step(Protocol):
    """How the gradients of a step are found, where one pass is not all."""

    def __call__(self, backward: Backward, model: nn.Module, y: Tensor, /) -> Tensor:
        """Leave the gradients in the model's parameters, whose gradients are None; return the loss.

        The model holds all that is trained, and all that a pass changes are its buffers. `y` are
        the labels of the batch: of shape (B,), or class probabilities (B, K).
        """


class OverSampler(Protocol):
    """imbalanced-learn's contract: arrays in, more arrays out."""

    def fit_resample(self, X: object, y: object, /) -> tuple[object, object]:
        """Return X of shape (N', D) and y of shape (N',)."""


class TrainedOnce(Protocol):
    """Where networks are kept that several runs use: trained by the first that asks."""

    def __call__(
        self,
        title: str,
        described: Mapping[str, object],
        train: Callable[[int], tuple[dict[str, Tensor], float]],
        /,
    ) -> tuple[dict[str, Tensor], float]:
        """Return their state and the seconds of their training.

        `title` and `described`, which JSON can represent, tell them apart; `train` takes a seed.
        """


class NeighborSearch(Protocol):
    """A nearest-neighbor search with scikit-learn's interface, such as `Neighbors`."""

    def fit(self, X: object, y: None = None, /) -> object:
        """Store the rows to search."""

    def kneighbors(self, X: object, n_neighbors: int, return_distance: bool) -> object:
        """Find the nearest neighbors of each row."""
