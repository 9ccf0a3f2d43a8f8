"""The order of batches of tokens: as wide as their longest text, each sample once."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from imbtorch import ArrayDataset, InputError
from imbtorch.data.arrays import take
from imbtorch.data.batches import Batches
from imbtorch.data.texts.lengths import SimilarLengths, by_length, lengths_of
from imbtorch.data.texts.tokens import PAD
from imbtorch.models.inference import outputs
from imbtorch.samplers import ClassBalancedSampler


def made(n=500, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, n)
    x = np.where(np.arange(40) < lengths[:, None], rng.integers(0, 99, (n, 40)), PAD)
    return ArrayDataset(x.astype(np.int32), np.arange(n) % 7, tokens=True)


def test_batches_are_as_wide_as_their_longest_text():
    data = made()
    for x, y in Batches(data, range(100), batch_size=16):
        assert (x.dtype, y.dtype) == (torch.int32, torch.int64)
        assert bool((x[:, -1] != PAD).any())
    wide = torch.cat(
        [
            nn.functional.pad(x, (0, 40 - x.shape[1]), value=PAD)
            for x, _ in Batches(data, batch_size=16)
        ]
    )
    assert torch.equal(wide, data.x)


def test_results_come_in_the_order_of_the_data():
    data = made()
    seen = []

    def total(x):
        seen.append(x.shape)
        return (x * (x != PAD)).sum(1, keepdim=True).float()

    found, y = outputs(nn.Identity(), total, data, batch_size=32)
    assert torch.equal(found, (data.x * (data.x != PAD)).sum(1, keepdim=True).float())
    assert torch.equal(y, data.y)
    assert [width for _, width in seen] == sorted((width for _, width in seen), reverse=True)
    assert sum(rows * width for rows, width in seen) < 1.1 * int(lengths_of(data).sum())


@pytest.mark.parametrize("n", [1, 7, 64, 1000])
def test_an_epoch_has_what_the_sampler_draws(n):
    lengths = torch.arange(n).flip(0) % 13 + 1
    sampler = ClassBalancedSampler(np.arange(n) % 3 == 0, seed=1)
    reordered = SimilarLengths(sampler, lengths, 8, torch.Generator().manual_seed(0))
    order = [*reordered]
    assert sorted(order) == sorted(sampler)
    assert len(reordered) == n
    assert order == [*SimilarLengths(sampler, lengths, 8, torch.Generator().manual_seed(0))]
    whole = n // 8 * 8
    assert order[whole:] == [*sampler][whole:]
    window = [*sampler][:400]
    assert sorted(order[:400]) == sorted(window)


def test_a_window_keeps_the_balance_of_its_sampler_and_loses_the_filling():
    data = made(4000)
    sampler = ClassBalancedSampler((np.arange(4000) % 10 == 0).astype(int), seed=0)
    order = torch.tensor([*SimilarLengths(sampler, lengths_of(data), 16, torch.Generator())])
    rare = (order % 10 == 0).float()
    assert rare.mean() == 0.5
    for part in rare.split(800):  # windows of 50 batches
        assert abs(float(part.mean()) - 0.5) < 0.06
    lengths = lengths_of(data)[order].view(-1, 16)
    assert int((lengths.amax(1) * 16).sum()) < 1.05 * int(lengths.sum())


def test_all_other_data_keep_their_order():
    x = torch.randint(-1, 5, (50, 9), dtype=torch.int32)
    plain = ArrayDataset(x, torch.zeros(50, dtype=torch.int64))
    assert lengths_of(plain) is None
    assert torch.equal(torch.cat([x for x, _ in Batches(plain, batch_size=7)]), x)


def test_parts_and_copies_of_tokens_are_tokens():
    data = made(20)
    assert take(data, np.array([3, 1])).tokens
    assert copy.deepcopy(data).tokens
    assert data.to("meta").tokens
    with pytest.raises(InputError, match=r"tokens must be integers \(N, L\)"):
        ArrayDataset(torch.zeros(2, 3), [0, 1], tokens=True)


def test_the_longest_come_first():
    assert by_length(torch.tensor([1, 5, 5, 2])).tolist() == [1, 2, 3, 0]
