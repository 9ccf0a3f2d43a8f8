"""Time augmentation against a training step of ResNet-32, and AutoAugment against torchvision's.

Run with ``make benchmark``. Processor time on one thread, so that other load does not count.
"""

import time

import pytest
import torch
import torch.nn.functional as F

from imbtorch.data import augment_by_name
from imbtorch.data.augmentation.augment import AUGMENTS
from imbtorch.models import resnet32
from imbtorch.models.backbones.torchvision import import_torchvision

RUNS = 11
SIZES = {"128 of 32 x 32": (128, 32), "64 of 96 x 96": (64, 96), "32 of 224 x 224": (32, 224)}
STRONG = "crop-flip+auto:cifar+cutout"


def one_by_one(x):
    """Apply torchvision's AutoAugment, which draws once per call, to each image by itself."""
    import_torchvision()
    from torchvision.transforms import v2

    policy = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)
    return torch.stack([policy(image) for image in x])


def training_step(side):
    """Return a step of ResNet-32 in bfloat16 on a batch of uint8 images."""
    network = resnet32((3, side, side), 10).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)

    def step(x):
        pixels = x.float().div(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(network(pixels).float(), torch.arange(len(x)) % 10)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def seconds(augment, x, runs=RUNS):
    """Return the median processor time of one batch."""
    augment(x)
    times = []
    for _ in range(runs):
        start = time.process_time()
        augment(x)
        times.append(time.process_time() - start)
    return sorted(times)[runs // 2]


@pytest.mark.parametrize("size", SIZES)
def test_augmentation_in_training_steps(size, benchmark):
    batch, side = SIZES[size]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(256, (batch, 3, side, side), generator=rng, dtype=torch.uint8)
    floor = seconds(training_step(side), x, 3 if side == 32 else 1)
    shares = {}
    for name in [*AUGMENTS, STRONG]:
        augment = augment_by_name(name)
        shares[name] = seconds(lambda x, augment=augment: augment(x, rng), x) / floor
    shares["torchvision, image by image"] = seconds(one_by_one, x) / floor
    benchmark.extra_info.update(training_images_per_second=batch / floor, **shares)
    benchmark.pedantic(augment_by_name(STRONG), (x, rng), rounds=1)
    torch.set_num_threads(threads)
    words = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    print(f"\n{size}: training {batch / floor:,.0f} images/s; shares of that time: {words}")
    assert max(shares[name] for name in [*AUGMENTS, STRONG]) < 0.03
    assert shares["crop-flip"] < 0.005
    if side == 32:
        assert shares["auto:cifar"] < 0.3 * shares["torchvision, image by image"]
