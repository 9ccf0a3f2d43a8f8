"""ClassBalancedSampler: even classes, nothing doubled or lost over processes, resumable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import InputError
from imbtorch.samplers import ClassBalancedSampler

LABELS = np.repeat([0, 1, 2, 5], [500, 120, 30, 3])


@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    replicas=st.integers(1, 5),
    seed=st.integers(0, 1000),
    epoch=st.integers(0, 50),
)
def test_replicas_share_one_even_plan(counts, replicas, seed, epoch):
    labels = np.repeat(np.arange(len(counts)), counts)
    shares = []
    for rank in range(replicas):
        sampler = ClassBalancedSampler(labels, seed=seed, num_replicas=replicas, rank=rank)
        sampler.set_epoch(epoch)
        shares.append(list(sampler))
        assert len(shares[-1]) == len(sampler)
    assert len({len(share) for share in shares}) == 1
    together = np.sort(np.concatenate(shares))
    assert np.array_equal(together, np.sort(sampler.plan()))
    assert len(labels) <= len(together) < len(labels) + replicas
    visits = np.bincount(labels[together], minlength=len(counts))
    assert visits.max() - visits.min() <= 1
    # within a class no sample is visited twice more often than another
    for k in range(len(counts)):
        uses = np.bincount(together, minlength=len(labels))[labels == k]
        assert uses.max() - uses.min() <= 1


def test_epochs_and_seeds_differ_and_repeat():
    def plan(seed, epoch):
        sampler = ClassBalancedSampler(LABELS, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert plan(0, 0) == plan(0, 0)
    assert plan(0, 0) != plan(0, 1)
    assert plan(0, 0) != plan(1, 0)


def test_goes_on_in_the_middle_of_an_epoch():
    sampler = ClassBalancedSampler(LABELS, seed=3)
    sampler.set_epoch(2)
    whole = list(sampler)
    iterator = iter(sampler)
    begun = [next(iterator) for _ in range(100)]
    resumed = ClassBalancedSampler(LABELS, seed=0)
    resumed.load_state_dict(sampler.state_dict())
    resumed.set_epoch(2)
    assert begun + list(resumed) == whole
    assert list(resumed) == whole  # the next pass starts at the beginning again


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="labels"):
        ClassBalancedSampler([])
    with pytest.raises(InputError, match="rank"):
        ClassBalancedSampler([0, 1], num_replicas=2, rank=2)
