"""MNIST-back-rotation: rotation, background, determinism, sizes."""

from dataclasses import replace

import numpy as np
import pytest

from imbtorch import InputError, load_data
from imbtorch.data import back_rotation, sources
from imbtorch.data.back_rotation import rotate_on_background


def disc(size=28, radius=8):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return (255 * (x**2 + y**2 <= radius**2)).astype(np.uint8)


def test_a_disc_stays_and_its_surroundings_are_the_photograph():
    digits = np.repeat(disc()[None], 20, 0)
    photograph = np.arange(60 * 70, dtype=np.uint32).reshape(60, 70) % 200
    made = rotate_on_background(digits, [photograph.astype(np.uint8)], 0)
    inside, outside = disc(radius=6) > 0, disc(radius=11) == 0
    assert (made[:, inside] == 255).all()
    for image in made:  # neighbours in a row differ by 1, as in the photograph
        steps = np.diff(image[0].astype(int)) % 200
        assert (steps == 1).all()
    assert not (made[0][outside] == made[1][outside]).all()


def test_every_angle_comes_up_and_mass_is_kept():
    digits = np.zeros((500, 28, 28), np.uint8)
    digits[:, 3:7, 13:15] = 255  # a mark near the upper edge
    made = rotate_on_background(digits, [np.zeros((28, 28), np.uint8)], 1).astype(float)
    y, x = np.mgrid[:28, :28] - 13.5
    mass = made.sum((1, 2))
    assert mass == pytest.approx(np.full(500, 8 * 255), rel=0.1)
    angle = np.arctan2((made * y).sum((1, 2)) / mass, (made * x).sum((1, 2)) / mass)
    quarters = np.histogram(angle, 4, (-np.pi, np.pi))[0]
    assert quarters.min() > 90
    distance = np.hypot((made * y).sum((1, 2)) / mass, (made * x).sum((1, 2)) / mass)
    assert distance == pytest.approx(np.full(500, 9.0), abs=0.2)


def test_the_same_seed_gives_the_same_images():
    digits, photographs = np.repeat(disc()[None], 4, 0), [np.eye(40, dtype=np.uint8)]
    first, again = (rotate_on_background(digits, photographs, 3) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, rotate_on_background(digits, photographs, 4))


@pytest.mark.parametrize("photographs", [[], [np.zeros((10, 40), np.uint8)]])
def test_photographs_that_are_too_small_are_said(photographs):
    with pytest.raises(InputError, match="none smaller than 28 x 28"):
        rotate_on_background(disc()[None], photographs)


def test_a_tenth_of_the_set(shared_data, monkeypatch):
    """Of MNIST's 70,000 digits every tenth, training before test images."""
    opened = sources.open_source

    def tenth(name):
        source = opened(name)
        every = {part: getattr(source, part) for part in ("train", "test")}
        parts = {part: s.take(np.arange(0, len(s.labels), 10)) for part, s in every.items()}
        return replace(source, **parts)

    assert back_rotation.SIZES == (12_000, 50_000)
    monkeypatch.setattr(back_rotation, "SIZES", (1_200, 5_000))
    monkeypatch.setattr(sources, "open_source", tenth)
    monkeypatch.setenv("IMBTORCH_DATA", str(shared_data))
    data = load_data("mnist-back-rotation", profile="none")
    assert (len(data.train), len(data.test)) == (1_200, 5_000)
    assert data.shape == (1, 28, 28)
    assert min(data.counts) > 100
    assert "a reconstruction" in " ".join(data.notes)
