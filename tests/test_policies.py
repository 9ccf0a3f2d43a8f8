"""The operations of augmentation as Pillow has them, drawn for each image as the papers say."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_sample_image

from draws import near, rng
from imbtorch import InputError
from imbtorch.data import auto_augment, rand_augment, trivial_augment
from imbtorch.data.augmentation import policies
from imbtorch.data.augmentation.operations import image_operations
from imbtorch.data.augmentation.policies import RANGES, WIDE
from imbtorch.models.backbones.torchvision import import_torchvision

PHOTO = Image.fromarray(load_sample_image("flower.jpg")[100:340, 200:500]).resize((50, 40))


def sheared(image, right, down):
    return image.transform(image.size, Image.Transform.AFFINE, (1, -right, 0, -down, 1, 0))


def moved(image, right, down):
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down))


PILLOW = {
    "identity": (lambda image, m: image, [0]),
    "shear_x": (lambda image, m: sheared(image, m, 0), [-0.99, -0.1, 0.3]),
    "shear_y": (lambda image, m: sheared(image, 0, m), [-0.99, -0.1, 0.3]),
    "translate_x": (lambda image, m: moved(image, int(50 * m), 0), [-0.45, 0.1, 1.0]),
    "translate_y": (lambda image, m: moved(image, 0, int(40 * m)), [-0.45, 0.1, 1.0]),
    "rotate": (lambda image, m: image.rotate(m), [-100, -7, 30]),
    "brightness": (lambda image, m: ImageEnhance.Brightness(image).enhance(1 + m), [-0.9, 0, 0.5]),
    "color": (lambda image, m: ImageEnhance.Color(image).enhance(1 + m), [-0.9, 0, 0.5]),
    "contrast": (lambda image, m: ImageEnhance.Contrast(image).enhance(1 + m), [-0.9, 0, 0.5]),
    "sharpness": (lambda image, m: ImageEnhance.Sharpness(image).enhance(1 + m), [-0.9, 0, 0.5]),
    "posterize": (lambda image, m: ImageOps.posterize(image, m), [2, 4, 8]),
    "solarize": (lambda image, m: ImageOps.solarize(image, 255 * m), [0, 0.5, 1]),
    "auto_contrast": (lambda image, m: ImageOps.autocontrast(image), [0]),
    "equalize": (lambda image, m: ImageOps.equalize(image), [0]),
    "invert": (lambda image, m: ImageOps.invert(image), [0]),
}


def pixels(image):
    return torch.from_numpy(np.atleast_3d(np.array(image))).permute(2, 0, 1)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("name", PILLOW)
def test_operations_are_those_of_pillow(name, mode):
    operation, magnitudes = PILLOW[name]
    photo = PHOTO.convert(mode)
    wanted = torch.stack([pixels(operation(photo, m)) for m in magnitudes]).float()
    x = pixels(photo).float().div(255).repeat(len(magnitudes), 1, 1, 1)
    found = image_operations()[name](x, torch.tensor(magnitudes, dtype=torch.float32))
    away = (found * 255 - wanted).abs()
    if name.startswith(("shear", "rotate")):  # half-way between two pixels either may be nearest
        assert (away > 0.01).float().mean() < 0.005
    elif name in ("color", "contrast", "sharpness"):  # Pillow rounds the gray or smooth image, too
        assert away.max() <= 1.5
    else:
        assert away.max() <= 1.001  # Pillow cuts off what lies between two values


def test_operations_leave_what_they_cannot_change():
    gray, flat = torch.rand(2, 1, 5, 7, generator=rng()), torch.full((2, 3, 4, 4), 0.3)
    operations, m = image_operations(), torch.tensor([0.5, -0.5])
    assert torch.equal(operations["color"](gray, m), gray)
    assert torch.equal(operations["auto_contrast"](flat, m), flat)
    for shape in ((1, 1), (2, 9), (9, 2)):
        x = torch.rand(2, 3, *shape, generator=rng())
        assert torch.equal(operations["sharpness"](x, m), x)


def torchvisions():
    """Return torchvision's classes of the policies and of RandAugment and TrivialAugment."""
    import_torchvision()
    from torchvision.transforms import v2

    return v2.AutoAugment, v2.AutoAugmentPolicy, v2.RandAugment, v2.TrivialAugmentWide


@pytest.mark.parametrize(("policy", "name"), [("cifar", "CIFAR10"), ("imagenet", "IMAGENET")])
def test_tables_are_those_of_torchvision(policy, name):
    made, names, *_ = torchvisions()
    wanted = made(names[name])._policies
    for ours, theirs in zip(policies.auto_augment_table(policy), wanted, strict=True):
        for (one, p, m), (other, q, n) in zip(ours, theirs, strict=True):
            assert (one.replace("_", ""), p, m) == (other.lower(), q, n)


def test_ranges_are_those_of_torchvision():
    made, _, rand, trivial = torchvisions()
    far = {"translate_x": (0.0, 32 / 40), "translate_y": (0.0, 32 / 50)}  # of 40 x 50 pixels
    for ranges, theirs, bins in (
        ({**RANGES, "invert": (0.0, 0.0)}, made, 10),
        (RANGES, rand, 31),
        ({**WIDE, **far}, trivial, 31),
    ):
        space = {name.lower(): value for name, value in theirs._AUGMENTATION_SPACE.items()}
        assert {name.replace("_", "") for name in ranges} == {"identity", *space}
        for name, (low, high) in ranges.items():
            magnitudes, signed = space.get(name.replace("_", ""), (lambda *_: None, False))
            wanted = magnitudes(bins, 50, 40)
            if wanted is None:
                assert low == high == 0
                continue
            side = {"translate_x": 40, "translate_y": 50}.get(name, 1)
            own = side * torch.linspace(low, high, bins)
            own = own.round() if name == "posterize" else own
            assert torch.allclose(own, wanted.float(), atol=1e-5)
            assert signed == (low == 0)


class Recorder:
    """Stands for the operations; writes down what each image, known by its value, gets."""

    def __init__(self, number):
        self.got = [[] for _ in range(number)]

    def __getitem__(self, name):
        def operation(x, m):
            for image, own in zip((x[:, 0, 0, 0] * len(self.got)).round().int(), m, strict=True):
                self.got[image].append((name, round(own.item(), 4)))
            return x

        return operation


def recorded(monkeypatch, augment, number, size=32, **options):
    """Return the (operation, magnitude) pairs that each of a number of images got."""
    recorder = Recorder(number)
    monkeypatch.setattr(policies, "image_operations", lambda: recorder)
    x = (torch.arange(number) / number)[:, None, None, None].expand(-1, 1, size, size)
    augment(x, rng(), **options)
    return recorder.got


@pytest.mark.parametrize("policy", ["cifar", "imagenet"])
def test_auto_augment_draws_a_sub_policy_for_each_image(policy, monkeypatch):
    number, chances = 4000, Counter()
    for (first, p, m), (last, q, n) in policies.auto_augment_table(policy):
        one, two = (
            (first, at(m, *RANGES.get(first, (0, 0)))),
            (last, at(n, *RANGES.get(last, (0, 0)))),
        )
        for way, chance in (
            ((one, two), p * q),
            ((one,), p * (1 - q)),
            ((two,), (1 - p) * q),
            ((), (1 - p) * (1 - q)),
        ):
            chances[way] += chance / 25
    got = recorded(monkeypatch, auto_augment, number, 1, policy=policy)
    counts = Counter(tuple((name, abs(m)) for name, m in way) for way in got)
    assert {*counts} <= {way for way, chance in chances.items() if chance}
    assert all(near(counts[way], number, chance) for way, chance in chances.items())
    signed = [m < 0 for way in got for name, m in way if name == "rotate"]
    assert near(sum(signed), len(signed), 0.5)


def at(m, low, high):
    """Return the magnitude of m, of 9."""
    return round(low + (high - low) * (0 if m is None else m / 9), 4)


def test_trivial_augment_draws_one_operation_and_one_strength(monkeypatch):
    number = 4200
    got = recorded(monkeypatch, trivial_augment, number, 40)
    counts = Counter(way[0][0] for way in got if way)
    assert {*counts} | {"identity"} == {*WIDE}
    assert max(map(len, got)) == 1
    assert all(near(count, number, 1 / 14) for count in counts.values())
    degrees = {m for way in got for name, m in way if name == "rotate"}
    assert degrees <= {round(s * k * 4.5, 4) for k in range(31) for s in (-1, 1)}
    assert len(degrees) > 50
    assert max(m for way in got for name, m in way if name == "translate_x") == 0.8  # 32 of 40


def test_rand_augment_draws_operations_of_one_strength(monkeypatch):
    number = 1400
    got = recorded(monkeypatch, rand_augment, number)
    counts = Counter(name for way in got for name, _ in way)
    assert all(near(count, 2 * number, 1 / 14) for count in counts.values())
    assert any(way[0][0] == way[1][0] for way in got if len(way) == 2)
    magnitudes = {(name, abs(m)) for way in got for name, m in way}
    strong = {name: round(low + 0.9 * (high - low), 4) for name, (low, high) in RANGES.items()}
    assert magnitudes == {(name, m) for name, m in strong.items() if name != "identity"}
    assert {len(way) for way in recorded(monkeypatch, rand_augment, 99, num_ops=5)} <= {2, 3, 4, 5}


@pytest.mark.parametrize(
    ("options", "said"),
    [({"num_ops": 0}, "num_ops is 0"), ({"magnitude": 11}, "must lie in 0..10")],
)
def test_rand_augment_refuses_other_scales(options, said):
    with pytest.raises(InputError, match=said):
        rand_augment(torch.zeros(1, 1, 4, 4), rng(), **options)
    with pytest.raises(InputError, match="known are cifar, imagenet"):
        auto_augment(torch.zeros(1, 1, 4, 4), rng(), policy="svhn")
