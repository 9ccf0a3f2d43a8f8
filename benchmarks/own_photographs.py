"""Make a folder of photographs as users have them: five classes, 350 to 5, any size and mode.

    pip install scikit-image
    python benchmarks/own_photographs.py my_photos

They are cut from pictures that come inside scikit-image and scikit-learn, and drawn. Test pictures
are mirrored, and cut more narrowly.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

TRAIN = {"texture": 350, "building": 120, "flower": 60, "cat": 12, "coffee": 5}
TEST = 40
"""Test pictures of each class."""
SIZES = (90, 420)
"""Bounds of the sides in pixels."""


def sources() -> dict[str, list[np.ndarray]]:
    """Return the pictures of each class."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    textures = [data.brick(), data.grass(), data.gravel(), data.page(), data.moon()]
    return {
        "texture": [*textures, *drawn(np.random.default_rng(0))],
        "building": [load_sample_image("china.jpg")[:, :450]],
        "flower": [load_sample_image("flower.jpg")[:, 80:]],
        "cat": [data.chelsea()[:, :380]],
        "coffee": [data.coffee()[:, 100:500]],
    }


def drawn(rng: np.random.Generator) -> list[np.ndarray]:
    """Return stripes, squares and clouds in color."""
    rows, columns = np.mgrid[:512, :512]
    shapes: list[Callable[[], np.ndarray]] = [
        lambda: np.sin(columns / rng.uniform(4, 20) + rows / rng.uniform(8, 40)),
        lambda: np.sign(np.sin(columns / 12) * np.sin(rows / 12)),
        lambda: np.kron(rng.standard_normal((32, 32)), np.ones((16, 16))),
    ]
    pictures = []
    for shape in shapes:
        values = shape()[..., None] * rng.uniform(20, 60, 3) + rng.uniform(60, 190, 3)
        pictures.append(np.clip(values + rng.normal(0, 12, values.shape), 0, 255).astype(np.uint8))
    return pictures


def photograph(picture: np.ndarray, tested: bool, rng: np.random.Generator) -> Image.Image:
    """Return a cut from a picture, in another size, light and now and then mode."""
    part = picture[:, ::-1] if tested else picture
    height, width = part.shape[:2]
    side = int(rng.uniform(*((0.25, 0.55) if tested else (0.6, 0.95))) * min(height, width))
    top, start = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    aspect = rng.uniform(0.75, 1.0, 2)
    cut = part[top : top + int(aspect[0] * side), start : start + int(aspect[1] * side)]
    image = Image.fromarray(cut).convert("RGB")
    longest = int(rng.integers(*SIZES))
    scale = longest / max(image.size)
    image = image.resize([max(32, int(scale * s)) for s in image.size], Image.Resampling.BICUBIC)
    image = image.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, fillcolor=(128, 128, 128))
    for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = kind(image).enhance(rng.uniform(0.6, 1.4))
    mode = rng.choice(["RGB", "RGBA", "L"], p=[0.8, 0.1, 0.1])
    return image.convert(str(mode))


def make(folder: Path, seed: int = 0) -> None:
    """Write train/ and test/, one folder per class in each."""
    rng = np.random.default_rng(seed)
    for name, pictures in sources().items():
        for split, count in (("train", TRAIN[name]), ("test", TEST)):
            place = folder / split / name
            place.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                image = photograph(pictures[i % len(pictures)], split == "test", rng)
                suffix = "png" if image.mode == "RGBA" or i % 5 == 0 else "jpg"
                image.save(place / f"{name}-{i:03}.{suffix}")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
