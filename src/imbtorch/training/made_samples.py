"""Some of what an over-sampler made, to be looked at and judged."""

import torch
from torch import Tensor

from imbtorch.data.arrays import ArrayDataset
from imbtorch.seeding import generator_from

CLASSES = 40
"""Number of classes of which samples are kept, the rarest."""
MADE = 50
"""Number of made samples that are kept of a class, at most."""
REAL = 4
"""Number of real samples beside them."""


def some_made(before: ArrayDataset, after: ArrayDataset, seed: int) -> dict[str, Tensor]:
    """Return some of the samples that a resampled data set has behind those it had before.

    Returns
    -------
    dict of str to Tensor
        ``made`` (n, ...) with classes ``made_y`` (n,) and ``real``, ``real_y``; classes from the
        rarest on. Empty if nothing was made, or the given samples do not stand first, unchanged: a
        sampler that removes some of them, such as SMOTEENN, does not say which were made.

    Examples
    --------
    >>> before = ArrayDataset(torch.zeros(5, 2), torch.tensor([0, 0, 0, 0, 1]))
    >>> more = torch.cat([before.x, torch.ones(3, 2)]), torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    >>> found = some_made(before, ArrayDataset(*more), seed=0)
    >>> found["made"].shape, found["made_y"].tolist(), found["real"].shape
    (torch.Size([3, 2]), [1, 1, 1], torch.Size([1, 2]))
    """
    number, rng = len(before), generator_from(seed)
    if not (torch.equal(after.x[:number], before.x) and torch.equal(after.y[:number], before.y)):
        return {}
    made_y = after.y[number:].cpu()
    counts = torch.bincount(before.y.cpu())
    labels = [k for k in counts.argsort(stable=True).tolist() if bool((made_y == k).any())]
    if len(after) <= number or not labels:
        return {}
    found: dict[str, list[Tensor]] = {"made": [], "real": []}
    for label in labels[:CLASSES]:
        mine = (made_y == label).nonzero()[:, 0] + number
        found["made"].append(mine[torch.randperm(len(mine), generator=rng)[:MADE]])
        found["real"].append((before.y.cpu() == label).nonzero()[:REAL, 0])
    kept = {name: torch.cat(parts).to(after.x.device) for name, parts in found.items()}
    return {
        **{name: after.x[rows].cpu() for name, rows in kept.items()},
        **{f"{name}_y": after.y[rows].cpu() for name, rows in kept.items()},
    }
