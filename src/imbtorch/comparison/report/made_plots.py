"""The report's figure of samples that over-samplers made, beside real ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.comparison.report.canvas import WIDTH, Arrays
from imbtorch.comparison.report.made import once_each
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure

CLASSES = 10
"""Number of classes shown, the rarest."""
REAL, MADE = 4, 10
"""Number of real and of made samples of a class."""

GAP = 1
"""White pixels between images."""


def plot_made(examples: Arrays, classes: Sequence[str]) -> Figure | None:
    """Draw some real images of the rarest classes, and what each over-sampler made of them."""
    strips = {n: a for n, a in once_each(examples).items() if a["made"].ndim == 4}
    if not strips:
        return None
    first = next(iter(strips.values()))
    labels = list(dict.fromkeys(first["made_y"].tolist()))[:CLASSES]
    figure = Figure(
        figsize=(WIDTH, 0.5 + WIDTH / (REAL + MADE) * len(labels) * len(strips)),
        layout="constrained",
    )
    axes = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
    for axis, (name, arrays) in zip(axes, strips.items(), strict=True):
        rows = [_row(arrays, label) for label in labels]
        axis.imshow(np.concatenate(rows), cmap="gray", vmin=0, vmax=1)
        height, width = (side + GAP for side in arrays["made"].shape[2:])
        axis.set_yticks(
            [height * (i + 0.5) for i in range(len(labels))],
            [classes[label] for label in labels],
            fontsize=8,
        )
        axis.set_xticks([])
        axis.axvline(REAL * width - 1 - (GAP - 1) / 2, color="tab:red")
        axis.set_title(name, fontsize=9)
    return figure


def _row(arrays: Mapping[str, NDArray[Any]], label: int) -> NDArray[np.float32]:
    """Return real and made images of a class side by side, (H, n W, C) in 0..1."""
    parts = []
    for kind, number in (("real", REAL), ("made", MADE)):
        images = arrays[kind][arrays[f"{kind}_y"] == label][:number]
        images = images[:, :3] if images.shape[1] >= 3 else images[:, :1]
        images = images / np.float32(255) if images.dtype == np.uint8 else images
        blank = np.ones((number - len(images), *images.shape[1:]), np.float32)
        parts.append(np.concatenate([images, blank]))
    spaced = np.pad(np.concatenate(parts), ((0, 0), (0, 0), (0, GAP), (0, GAP)), constant_values=1)
    row: NDArray[np.float32] = np.concatenate([*spaced], axis=2)
    return row.transpose(1, 2, 0)
