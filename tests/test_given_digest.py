"""Data of a program's own are told from others by their values."""

import pytest
import torch
from torch.utils.data import Dataset, Subset, TensorDataset

from imbtorch.comparison.given_data import given_data
from imbtorch.comparison.given_digest import digest_of_samples


@pytest.mark.parametrize(
    "made",
    [
        lambda x, y: (x, y),
        lambda x, y: (x.numpy(), y.tolist()),
        TensorDataset,
        lambda x, y: Subset(TensorDataset(x, y), [*range(10, 80)]),
        lambda x, y: (TensorDataset(x, y), (x[::2], y[::2])),
    ],
)
def test_what_is_in_memory_is_told_from_others_by_all_its_values(made, blobs):
    x, y = blobs
    digests = {given_data(made(x.clone(), y)).digest}
    for row in range(12, 72, 5):
        other = x.clone()
        other[row, 1] += 1
        digests.add(given_data(made(other, y)).digest)
    assert len(digests) == 1 + 12
    assert given_data(made(x, y)).whole


class Drawn(Dataset):
    """Moves each sample at random, as an augmentation does."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index] + torch.rand(1), self.y[index]


def test_a_data_set_that_draws_is_known_again_and_draws_nothing_of_the_callers(blobs, unmoved):
    x, y = blobs
    data, again, other = (given_data(Drawn(x + shift, y)) for shift in (0, 0, 1))
    assert data.digest == again.digest != other.digest
    assert not data.whole
    found = [digest_of_samples(one.train) for one in (data, again, other)]
    assert found[0] == found[1] != found[2]
