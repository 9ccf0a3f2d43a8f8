"""Small made images and folders of them."""

from pathlib import Path

import numpy as np
from PIL import Image

from imbtorch.data.images.image_input import ImageInput

CROPPED = ImageInput((16, 16), 3, crop=0.8, interpolation="bicubic")
"""What a network with small inputs of its own takes."""


def image(path: Path, seed: int = 0, mode: str = "L", size=(6, 6), **options) -> None:
    """Write an image of random pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size if mode == "L" else (*size, {"RGB": 3, "RGBA": 4}[mode])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)


def images(folder: Path, *classes: str, n: int = 6, suffix: str = "png", **options) -> None:
    """Write n images into each class folder."""
    for c, name in enumerate(classes):
        for i in range(n):
            image(folder / name / f"{i}.{suffix}", 100 * c + i, **options)


def splits(folder: Path, names: dict[str, int], classes=("cat", "dog")) -> None:
    """Write split folders, name -> images of each class."""
    for name, n in names.items():
        images(folder / name, *classes, n=n)


def photographs(folder, n=6, sizes=((40, 30), (30, 50), (64, 64))):
    """Write images of several sizes and modes in two classes, and one that lies on its side."""
    rng = np.random.default_rng(0)
    for k, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for i in range(n - k):
            height, width = sizes[i % len(sizes)]
            pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
            image = Image.fromarray(pixels, "RGBA").convert(("RGB", "L", "RGBA")[i % 3])
            image.save(folder / name / f"{i}.png")
    return folder
