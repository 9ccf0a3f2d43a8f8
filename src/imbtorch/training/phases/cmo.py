"""CMO: the phases of CutMix with tail-weighted partners, but for the first and last epochs."""

from collections.abc import Callable, Mapping

from imbtorch.places import BatchTransform, Slot
from imbtorch.training.phases.train import Train

FIRST, LAST = 4, 3
"""Epochs without CMO at the beginning and at the end of training."""


def cmo_phases(
    epochs: int,
    loss: Mapping[str, Callable[..., object]],
    *,
    batch: Slot[BatchTransform],
) -> list[Train]:
    """Return plain training, training with a batch transform, and plain training again.

    Parameters
    ----------
    epochs : int
        Total number of epochs. Of less than 8, the plain ones are fewer, so that at least one
        epoch is left for the transform.
    loss : mapping
        ``loss=`` of the phases, or empty for cross-entropy.
    batch : class or callable
        The transform, `CutMix` with options.

    References
    ----------
    Park et al., CVPR 2022, "The majority can help the minority: context-rich minority
    oversampling for long-tailed classification" (CMO); the epochs are those of the authors'
    program.

    Examples
    --------
    >>> from imbtorch.transforms import CutMix
    >>> [phase.epochs for phase in cmo_phases(200, {}, batch=CutMix)]
    [4, 193, 3]
    >>> [phase.epochs for phase in cmo_phases(3, {}, batch=CutMix)]
    [1, 1, 1]
    """
    first = min(FIRST, epochs // 2)
    last = min(LAST, epochs - first - 1)
    phases = [
        Train(first, **loss),  # type: ignore[arg-type]
        Train(epochs - first - last, batch=batch, **loss),  # type: ignore[arg-type]
        Train(last, **loss),  # type: ignore[arg-type]
    ]
    return [phase for phase in phases if phase.epochs]
