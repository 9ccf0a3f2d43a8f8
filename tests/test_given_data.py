"""Data of a program's own are taken as they come, and told from others by their values."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import Dataset, Subset, TensorDataset

from imbtorch import ArrayDataset, InputError
from imbtorch.comparison.given_data import given_data
from imbtorch.data.digests import digest_of_samples


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


def test_data_frames_of_any_numbers_are_taken():
    frame = pd.DataFrame({"a": np.arange(12) / 4, "kind": ["x", "y", "z"] * 4})
    frame["n"] = pd.array([3, 1] * 6, dtype="Int64")
    frame = pd.get_dummies(frame)  # float, Int64 and bool
    y = pd.Series([0] * 8 + [1] * 4, dtype="Int64")
    plain = given_data((frame.to_numpy(np.float32), y.to_numpy(np.int64)))
    assert given_data((frame, y)).digest == plain.digest
    whole = ArrayDataset(frame, y)
    assert (whole.x.dtype, whole.y.tolist()) == (torch.float32, y.tolist())
    frame.loc[3, "n"] = pd.NA
    with pytest.raises(InputError, match=r"X holds NaN or infinite values in 1 of 12 rows \(3\)"):
        given_data((frame, y))
