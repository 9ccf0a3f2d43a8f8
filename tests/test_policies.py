"""The operations of augmentation as Pillow has them, drawn for each image as the papers say."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_sample_image

from draws import near, rng
from imbtorch import InputError
from imbtorch.data import auto_augment, rand_augment, trivial_augment
from imbtorch.data.augmentation import policies
from imbtorch.data.augmentation.auto_policies import AUTO_POLICIES
from imbtorch.data.augmentation.operations import OPERATIONS
from imbtorch.data.augmentation.policies import RANGES, WIDE
from imbtorch.models.backbones.torchvision import import_torchvision

PHOTO = Image.fromarray(load_sample_image("flower.jpg")[100:340, 200:500]).resize((50, 40))


def sheared(image, right, down):
    return image.transform(image.size, Image.Transform.AFFINE, (1, -right, 0, -down, 1, 0))


def moved(image, right, down):
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down))


FACTORS = [-0.99, -0.9, -0.47, 0, 0.2, 0.3, 0.99]
PILLOW = {
    "identity": (lambda image, m: image, [0]),
    "shear_x": (lambda image, m: sheared(image, m, 0), [-0.99, -0.1, 0, 0.3]),
    "shear_y": (lambda image, m: sheared(image, 0, m), [-0.99, -0.1, 0, 0.3]),
    "translate_x": (lambda image, m: moved(image, int(image.width * m), 0), [-0.45, 0.1, 1]),
    "translate_y": (lambda image, m: moved(image, 0, int(image.height * m)), [-0.45, 0.1, 1]),
    "rotate": (lambda image, m: image.rotate(m), [-135, -100.3, -90, -7, 0, 30, 45]),
    "brightness": (lambda image, m: ImageEnhance.Brightness(image).enhance(1 + m), FACTORS),
    "color": (lambda image, m: ImageEnhance.Color(image).enhance(1 + m), FACTORS),
    "contrast": (lambda image, m: ImageEnhance.Contrast(image).enhance(1 + m), FACTORS),
    "sharpness": (lambda image, m: ImageEnhance.Sharpness(image).enhance(1 + m), FACTORS),
    "posterize": (lambda image, m: ImageOps.posterize(image, round(m)), [1, 2, 4, 7, 8]),
    "solarize": (
        lambda image, m: ImageOps.solarize(image, round(255 * m, 3)),
        [k / 30 for k in range(31)],
    ),
    "auto_contrast": (lambda image, m: ImageOps.autocontrast(image), [0]),
    "equalize": (lambda image, m: ImageOps.equalize(image), [0]),
    "invert": (lambda image, m: ImageOps.invert(image), [0]),
}


def pixels(image):
    return torch.from_numpy(np.atleast_3d(np.array(image))).permute(2, 0, 1)


def images(mode, size, seed=0):
    """Return a photograph, and random images with many values, few and one."""
    channels = {"RGB": 3, "L": 1}[mode]
    made = np.random.default_rng(seed)
    photo = np.atleast_3d(np.array(PHOTO.convert(mode).resize(size)))
    ranges = [(0, 256), (3, 200), (90, 97), (255, 256)]
    noise = [made.integers(*ends, photo.shape, dtype=np.uint8) for ends in ranges]
    dull = (photo * made.random(channels) * 0.7 + 20).astype(np.uint8)
    return torch.from_numpy(np.stack([photo, dull, *noise])).permute(0, 3, 1, 2)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("name", PILLOW)
def test_operations_are_those_of_pillow(name, mode):
    operation, magnitudes = PILLOW[name]
    for size in ((32, 32), (50, 41), (96, 96), (5, 2), (1, 1)):
        x = images(mode, size)
        shown = x.permute(0, 2, 3, 1) if mode == "RGB" else x[:, 0]
        opened = [Image.fromarray(image) for image in shown.numpy()]
        m = torch.tensor(magnitudes, dtype=torch.float32)
        found = OPERATIONS[name](x.repeat_interleave(len(m), 0), m.repeat(len(x)))
        wanted = [pixels(operation(image, own)) for image in opened for own in m.tolist()]
        assert torch.equal(found, torch.stack(wanted))


@given(st.sampled_from([*OPERATIONS]), st.data())
def test_operations_keep_shape_and_treat_images_one_by_one(name, data):
    n, side = st.integers(1, 4), st.integers(1, 12)
    x = data.draw(arrays(np.uint8, st.tuples(n, st.sampled_from([1, 3]), side, side)))
    low, high = {**WIDE, "invert": (0.0, 0.0)}[name]
    share = data.draw(
        arrays(np.float32, len(x), elements=st.floats(-1 if low == 0 else 0, 1, width=32))
    )
    x, m = torch.from_numpy(x), low + torch.from_numpy(share) * (high - low)
    before, out = x.clone(), OPERATIONS[name](x, m)
    assert (out.shape, out.dtype) == (x.shape, torch.uint8)
    assert torch.equal(x, before)
    alone = [OPERATIONS[name](x[i : i + 1], m[i : i + 1]) for i in range(len(x))]
    assert torch.equal(out, torch.cat(alone))
    apart = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(out, OPERATIONS[name](apart, m))
    if x.shape[1] == 1 and name != "color":
        assert torch.equal(out.expand(-1, 3, -1, -1), OPERATIONS[name](x.expand(-1, 3, -1, -1), m))


@pytest.mark.parametrize("augment", [trivial_augment, rand_augment, auto_augment])
def test_float_images_become_what_uint8_ones_do(augment):
    x = torch.randint(256, (60, 3, 8, 7), generator=rng(), dtype=torch.uint8)
    out = augment(x, rng(1))
    for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        found = augment(x.to(torch.float64).div(255).to(kind), rng(1))
        assert found.dtype == kind
        if kind != torch.bfloat16:  # it cannot tell 256 values apart
            assert torch.equal(found, out.to(kind) / 255)


@pytest.mark.parametrize("augment", [trivial_augment, rand_augment, auto_augment])
def test_blocks_of_images_change_nothing(augment, monkeypatch):
    x = torch.randint(256, (60, 3, 8, 7), generator=rng(), dtype=torch.uint8)
    out, sizes = augment(x, rng(1)), []
    for name, operation in list(OPERATIONS.items()):

        def measured(x, m, operation=operation):
            sizes.append(len(x))
            return operation(x, m)

        monkeypatch.setitem(OPERATIONS, name, measured)
    for block, most in ((1, 1), (400, 2), (10**9, 60)):
        sizes.clear()
        monkeypatch.setattr(policies, "BLOCK", block)
        assert torch.equal(augment(x, rng(1)), out)
        assert max(sizes) <= most


def torchvisions():
    """Return torchvision's classes of the policies and of RandAugment and TrivialAugment."""
    import_torchvision()
    from torchvision.transforms import v2

    return v2.AutoAugment, v2.AutoAugmentPolicy, v2.RandAugment, v2.TrivialAugmentWide


@pytest.mark.parametrize(("policy", "name"), [("cifar", "CIFAR10"), ("imagenet", "IMAGENET")])
def test_tables_are_those_of_torchvision(policy, name):
    made, names, *_ = torchvisions()
    wanted = made(names[name])._policies
    for ours, theirs in zip(AUTO_POLICIES[policy], wanted, strict=True):
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


def recorded(monkeypatch, augment, number, size=32, **options):
    """Return the (operation, magnitude) pairs that each of a number of images got."""
    got = [[] for _ in range(number)]

    def recorder(name):
        def operation(x, m):
            for (low, high, _), own in zip(x[:, :, 0, 0].tolist(), m.tolist(), strict=True):
                got[low + 256 * high].append((name, round(own, 4)))
            return x

        return operation

    for name in set(OPERATIONS) - {"identity"}:
        monkeypatch.setitem(OPERATIONS, name, recorder(name))
    ids = torch.arange(number)
    x = torch.stack([ids % 256, ids // 256, 0 * ids], 1).byte()[:, :, None, None]
    augment(x.expand(-1, -1, size, size), rng(), **options)
    return got


@pytest.mark.parametrize("policy", ["cifar", "imagenet"])
def test_auto_augment_draws_a_sub_policy_for_each_image(policy, monkeypatch):
    number, chances = 4000, Counter()
    for (first, p, m), (last, q, n) in AUTO_POLICIES[policy]:
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
