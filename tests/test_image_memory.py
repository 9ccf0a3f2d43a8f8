"""Networks take images of the sizes that are chosen, and batches fit into memory."""

import pytest
import torch

from imbtorch.comparison.make_task import make_task
from imbtorch.data.images.framing import LARGEST
from imbtorch.errors import InputError
from imbtorch.models.build import build_model
from imbtorch.npz import check_memory
from imbtorch.training import batch_memory
from imbtorch.training.batch_memory import saved_bytes
from imbtorch.training.header import BATCH_BYTES
from made_images import photographs


@pytest.mark.parametrize("name", ["small-cnn", "wide-cnn", "resnet32", "wide-resnet", "densenet"])
def test_built_in_networks_take_the_sizes_that_are_chosen(name):
    for size in (48, 224) if name.endswith("cnn") else (224,):  # the others average over places
        with torch.device("meta"):
            network, x = build_model(name, (3, size, size), 2), torch.zeros(1, 3, size, size)
        assert network(x).shape == (1, 2)


def test_pixels_are_normalized_by_samples_of_all_where_they_are_too_many(monkeypatch):
    x = torch.arange(100, dtype=torch.uint8)[:, None, None, None].expand(100, 3, 8, 8)
    monkeypatch.setattr("imbtorch.models.build.MEASURED", 10 * 3 * 8 * 8)
    network = build_model("small-cnn", (3, 8, 8), 2, train=(x, torch.arange(100) % 2))
    assert network.features[0].mean.flatten().mul(255).tolist() == pytest.approx([45.0] * 3)


def test_what_a_batch_keeps_is_counted():
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1),
        torch.nn.BatchNorm2d(16),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * 8 * 8, 2),
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pixels = 8 * 8 * 4
    statistics = 2 * 16 * 4 // 2  # of batch normalization, for two images
    assert saved_bytes(network, torch.zeros(2, 3, 8, 8)) == (3 + 16 + 16) * pixels + statistics
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.requires_grad_(False)
    assert saved_bytes(network, torch.zeros(2, 3, 8, 8)) == 0


def test_a_batch_that_does_not_fit_into_memory_is_refused(tmp_path, monkeypatch):
    folder = str(photographs(tmp_path / "pets", sizes=((64, 64),)))
    options = {"model": "small-cnn", "batch_size": 64}
    each = saved_bytes(build_model("small-cnn", (3, 64, 64), 2), torch.zeros(2, 3, 64, 64))
    monkeypatch.setattr(batch_memory, "free_memory", lambda: each * 20)
    with pytest.raises(InputError, match=r"--image-size 32, --batch-size 20, or a network") as said:
        make_task(folder, **options)
    assert "a batch of 64 images of 64 x 64 pixels takes" in str(said.value)
    make_task(folder, model="small-cnn", batch_size=20)


def test_the_largest_size_that_is_chosen_can_be_read_again(monkeypatch):
    """With 2 GB of free memory, a checkpoint of such images is not taken for a hostile one."""
    monkeypatch.setattr("imbtorch.npz.free_memory", lambda: 2 * 10**9)
    check_memory(BATCH_BYTES * LARGEST**2, "a batch of images")
