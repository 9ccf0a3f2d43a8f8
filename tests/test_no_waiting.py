"""No step of the training loop reads a value from the device, which would wait for all its work.

On the device "meta" there are shapes and no values: whatever reads one raises an error.
"""

import pytest
import torch
from torch import nn

from imbtorch import ArrayDataset
from imbtorch.data import augment_by_name
from imbtorch.data.batches import Batches
from imbtorch.data.checks import check_batch
from imbtorch.errors import InputError
from imbtorch.training.average import moving_average
from imbtorch.transforms import Mixup
from loss_table import CLASS_LOSSES, COUNTS, LOGITS, WEIGHT, Y

LABELS = torch.arange(10) % 3


def test_values_of_meta_tensors_cannot_be_read():
    with pytest.raises(RuntimeError, match="meta"):
        int(LABELS.to("meta").max())


@pytest.mark.parametrize("augment", ["none", "crop-flip", "cutout"])
def test_batches_of_images(augment):
    images = torch.zeros(10, 3, 8, 8, dtype=torch.uint8)
    batches = Batches(
        ArrayDataset(images, LABELS),
        torch.randperm(10).tolist(),
        batch_size=4,
        device="meta",
        augment=augment_by_name(augment),
    )
    shapes = [(x.device.type, *x.shape, x.dtype) for x, _ in batches]
    assert shapes == [("meta", n, 3, 8, 8, torch.float32) for n in (4, 4, 2)]


def test_batches_of_texts_are_as_wide_as_their_longest():
    tokens = torch.full((10, 9), -1)
    for row in range(10):
        tokens[row, :row] = 5
    data = ArrayDataset(tokens, LABELS, tokens=True)
    widths = [x.shape[1] for x, _ in Batches(data, batch_size=4, device="meta")]
    assert widths == [x.shape[1] for x, _ in Batches(data, batch_size=4)] == [3, 7, 9]


@pytest.mark.parametrize("name", CLASS_LOSSES)
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_losses_and_their_gradients(name, weight):
    loss = CLASS_LOSSES[name](weight=weight).to("meta")
    logits = LOGITS.float().to("meta").requires_grad_()
    for _ in range(2):
        value = loss(logits, Y.to("meta"))
        value.backward()
    assert (value.shape, logits.grad.shape) == ((), (len(Y), len(COUNTS)))


def test_the_moving_average():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).to("meta")
    average = moving_average(network, 0.9)
    for _ in range(3):
        average.update_parameters(network)
    assert (average.n_averaged.device.type, int(average.n_averaged)) == ("cpu", 3)


def test_checks_of_a_batch_read_values_on_the_cpu_alone():
    x, y = torch.full((3, 2), torch.nan), torch.tensor([0, 1, 2])
    with pytest.raises(InputError, match="NaN"):
        check_batch(x, y, 3)
    assert check_batch(x.to("meta"), y.to("meta"), 3).shape == (3,)
    with pytest.raises(InputError, match="labels of shape"):
        check_batch(x.to("meta"), y[:2].to("meta"), 3)
    mixed, labels = Mixup(3, seed=0)(x.to("meta"), y.to("meta"), nn.Identity())
    assert (mixed.shape, labels.shape) == (x.shape, (3, 3))
