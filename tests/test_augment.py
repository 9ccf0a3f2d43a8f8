"""Augmentation: what all have in common, what is hidden, and names."""

from math import sqrt

import numpy as np
import pytest
import torch

from draws import near, rng
from imbtorch import InputError
from imbtorch.data import augment_by_name, auto_augment, cutout, random_erasing
from imbtorch.data.augmentation.augment import AUGMENTS
from imbtorch.data.augmentation.erasing import AREA
from imbtorch.training.slots import describe

DRAWN = [name for name in AUGMENTS if name.startswith(("trivial", "rand", "auto"))]


@pytest.mark.parametrize("name", AUGMENTS)
def test_every_augmentation_keeps_shape_kind_and_range(name):
    augment = augment_by_name(name)
    images = torch.rand(40, 3, 9, 6, generator=rng())
    whole = (images * 255).byte()
    for x in (images, images.double(), images.half(), images[:, :1], whole, whole.transpose(2, 3)):
        before = x.clone()
        out = augment(x, rng(1))
        assert (out.shape, out.dtype) == (x.shape, x.dtype)
        assert (
            0
            <= out.min()
            <= out.max()
            <= (255 if x is not images and x.dtype == torch.uint8 else 1)
        )
        assert torch.equal(x, before)
        assert torch.equal(out, augment(x, rng(1)))
        assert not torch.equal(out, augment(x, rng(2)))
    for shape in ((0, 3, 8, 8), (30, 3, 1, 1), (30, 1, 1, 5), (30, 3, 2, 3)):
        assert augment(torch.zeros(shape, dtype=torch.uint8), rng()).shape == shape
    with pytest.raises(InputError, match="images of shape"):
        augment(images[0], rng())


@pytest.mark.parametrize("name", AUGMENTS)
def test_a_gpu_is_never_waited_for(name):
    x = torch.empty(64, 3, 16, 16, dtype=torch.uint8, device="meta")  # its values cannot be read
    assert augment_by_name(name)(x, rng()).device == x.device


@pytest.mark.parametrize("name", [*DRAWN, "erase"])
def test_values_on_another_scale_are_refused(name):
    augment = augment_by_name(name)
    for x, said in (
        (torch.full((2, 3, 4, 4), 255.0), "outside 0..1"),
        (torch.full((2, 3, 4, 4), -0.1), "outside 0..1"),
        (torch.full((2, 3, 4, 4), torch.nan), "outside 0..1"),
        (torch.zeros(2, 3, 4, 4, dtype=torch.int64), "torch.int64"),
    ):
        with pytest.raises(InputError, match=f"{said}; [a-z_ ]+ needs images"):
            augment(x, rng())
    if name != "erase":
        with pytest.raises(InputError, match=r"2 channels; \w+_augment needs 1"):
            augment(torch.zeros(2, 2, 4, 4), rng())


def test_cutout_hides_a_clipped_square_around_any_pixel():
    x = torch.arange(1, 3, dtype=torch.uint8).repeat(300).mul(100).view(-1, 1, 1, 1)
    hidden = cutout(x.expand(-1, 3, 4, 6), rng()) == 150  # the mean of 100 and 200
    seen = {image.numpy().tobytes() for image in hidden.all(1)}
    windows = np.zeros((4, 6, 4, 6), bool)
    for row, column in np.ndindex(4, 6):
        windows[row, column, max(row - 1, 0) : row + 1, max(column - 1, 0) : column + 1] = True
    assert seen == {window.tobytes() for window in windows.reshape(-1, 4, 6)}
    assert torch.equal(hidden.any(1), hidden.all(1))
    assert (cutout(x.expand(-1, 1, 4, 6), rng(), size=12) == 150).all()
    with pytest.raises(InputError, match="size is 0"):
        cutout(x, rng(), size=0)


def test_cutout_of_32_pixels_hides_16():
    hidden = cutout(torch.arange(2000.0)[:, None, None, None].expand(-1, 1, 32, 32), rng())
    areas = (hidden == 999.5).sum((1, 2, 3))
    assert areas.max() == 256
    assert areas.min() >= 64
    sides = sum(min(c + 8, 32) - max(c - 8, 0) for c in range(32)) / 32
    assert areas.double().mean() == pytest.approx(sides**2, rel=0.03)


def test_random_erasing_fills_a_rectangle_with_noise():
    x = torch.full((2000, 1, 32, 32), 0.5)
    out = random_erasing(x, rng())
    erased = (out != 0.5)[:, 0]
    assert near(int(erased.any((1, 2)).sum()), 2000, 0.5)
    some = erased[erased.any((1, 2))]
    area = some.sum((1, 2))
    assert torch.equal(area, some.any(1).sum(1) * some.any(2).sum(1))  # whole rectangles
    assert area.min() >= (AREA[0] - 0.01) * 1024
    assert area.max() <= (AREA[1] + 0.02) * 1024
    noise = out[out != 0.5]
    assert noise.mean() == pytest.approx(0.5, abs=0.01)
    assert noise.std() == pytest.approx(sqrt(1 / 12), abs=0.01)
    assert torch.equal(random_erasing(x, rng(), p=0.0), x)
    assert near(int((random_erasing(x, rng(), p=0.25) != x).any(3).any(2).sum()), 2000, 0.25)
    with pytest.raises(InputError, match="p is 2"):
        random_erasing(x, rng(), p=2)


def test_names_are_joined_in_the_order_written():
    x = torch.rand(8, 3, 16, 16, generator=rng())
    joined, state = augment_by_name("crop-flip+auto:cifar+cutout"), rng()
    wanted = cutout(auto_augment(AUGMENTS["crop-flip"](x, state), state), state)
    assert torch.equal(joined(x, rng()), wanted)
    assert augment_by_name("none") is None
    for name, said in (
        ("crop+auto", "augment is 'auto'; name the policy: auto:cifar or auto:imagenet"),
        ("crop-flip+cutoff", "augment is 'cutoff'; did you mean cutout"),
        ("none+crop", "augment is 'none'"),
        ("crop+", "augment is ''"),
    ):
        with pytest.raises(InputError, match=said):
            augment_by_name(name)


def test_snapshots_tell_augmentations_apart():
    names = [*AUGMENTS, "crop+cutout", "cutout+crop", "crop+auto:cifar", "crop+auto:imagenet"]
    described = [describe(augment_by_name(name)) for name in names]
    assert len({str(one) for one in described}) == len(names)
    assert described[0] == {"name": "random_crop"}  # as in the states that were written before
    assert described[-1] == {
        "name": "in_turn",
        "steps": [{"name": "random_crop"}, {"name": "auto_augment", "policy": "imagenet"}],
    }
