"""Time augmentation against crop_flip, and AutoAugment against torchvision image by image.

Run with ``make benchmark``. Processor time on one thread, so that other load does not count.
"""

import time

import pytest
import torch

from imbtorch.data import augment_by_name, crop_flip
from imbtorch.data.augmentation.augment import AUGMENTS
from imbtorch.models.backbones.torchvision import import_torchvision

RUNS = 11
SIZES = {"128 of 32 x 32": (128, 32), "32 of 224 x 224": (32, 224)}


def one_by_one(x):
    """Apply torchvision's AutoAugment, which draws once per call, to each image by itself."""
    import_torchvision()
    from torchvision.transforms import v2

    policy = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)
    return torch.stack([policy(image) for image in x])


def seconds(augment, x):
    """Return the median processor time of one batch."""
    augment(x)
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        augment(x)
        times.append(time.process_time() - start)
    return sorted(times)[RUNS // 2]


@pytest.mark.parametrize("size", SIZES)
def test_augmentation_over_crop_and_flip(size, benchmark):
    batch, side = SIZES[size]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(256, (batch, 3, side, side), generator=rng, dtype=torch.uint8)
    floor = seconds(lambda x: crop_flip(x, rng), x)
    ratios = {}
    for name in AUGMENTS:
        augment = augment_by_name(name)
        ratios[name] = seconds(lambda x, augment=augment: augment(x, rng), x) / floor
    ratios["torchvision, image by image"] = seconds(one_by_one, x) / floor
    benchmark.extra_info.update(crop_flip_images_per_second=batch / floor, **ratios)
    benchmark.pedantic(augment_by_name("auto:cifar"), (x, rng), rounds=1)
    torch.set_num_threads(threads)
    words = ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items())
    print(f"\n{size}: {batch / floor:,.0f} images/s by crop-flip; times its cost: {words}")
    if side == 32:
        assert ratios["auto:cifar"] < 0.6 * ratios["torchvision, image by image"]
    assert ratios["auto:cifar"] < 8
