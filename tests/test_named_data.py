"""Data sets opened by name: real ones where they are at hand, small made ones of their form."""

import numpy as np
import pytest
from datasets import ClassLabel, Features
from datasets import Dataset as HubDataset
from datasets import Image as HubImage
from PIL import Image

from imbtorch import load_data
from imbtorch.comparison.make_task import make_task
from imbtorch.models.classifier import head_size

pytestmark = pytest.mark.usefixtures("own_cache")


def test_mnist_opens(shared_data, monkeypatch):
    monkeypatch.setenv("IMBTORCH_DATA", str(shared_data))
    mnist = load_data("mnist", ratio=100)
    assert mnist.counts[0] == 5421
    assert mnist.shape == (1, 28, 28)
    assert len(mnist.test) == 10_000


@pytest.mark.parametrize(("name", "size"), [("svhn", 32), ("stl10", 96), ("cifar100", 32)])
def test_sets_of_the_papers_open_by_name(name, size, tmp_path, monkeypatch):
    """Small made files of the form that the hub has: an image column and a label column."""
    rng = np.random.default_rng(0)
    folder = tmp_path / name
    folder.mkdir()
    for split, number in (("train", 30), ("test", 10)):
        pixels = rng.integers(0, 256, (number, size, size, 3), np.uint8)
        images = [Image.fromarray(image) for image in pixels]
        labels = [i % 10 for i in range(number)]
        column = "fine_label" if name == "cifar100" else "label"
        features = Features({"image": HubImage(), column: ClassLabel(num_classes=10)})
        made = HubDataset.from_dict({"image": images, column: labels}, features=features)
        made.to_parquet(folder / f"{split}-00000-of-00001.parquet")
    monkeypatch.setenv("IMBTORCH_DATA", str(tmp_path))
    model = "small-cnn" if name == "svhn" else "wide-cnn"
    task = make_task(name, profile="none", model=model, epochs=2, image_size=size, augment="none")
    assert task.data.shape == (3, size, size)
    assert task.data.counts == [3] * 10
    fitted = task.fit("dos", 0)
    assert head_size(fitted.model.head) == (120, 10)
