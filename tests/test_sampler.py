"""ClassBalancedSampler: even classes, nothing doubled or lost over processes, resumable."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Subset, TensorDataset

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


@pytest.mark.parametrize(
    ("workers", "size"), [(0, 8), (0, 7), (2, 7)]
)  # 7: the last batch is short
def test_a_loop_goes_on_wherever_it_stopped_with_any_number_of_workers(workers, size):
    labels = np.repeat([0, 1], [33, 7])

    sampler = ClassBalancedSampler(labels, seed=3)
    sampler.set_epoch(2)
    batches = DataLoader(range(40), size, sampler=sampler, num_workers=workers)
    whole = list(sampler)
    for stop in (1, 3, -(-40 // size)):
        taken = torch.cat(list(islice(batches, stop)))
        state = sampler.state_dict(consumed=len(taken))
        resumed = ClassBalancedSampler(labels, seed=0)
        resumed.load_state_dict(state)
        resumed.set_epoch(2)
        then = torch.cat([torch.empty(0), *DataLoader(range(40), size, sampler=resumed)])
        assert taken.tolist() + then.tolist() == whole
        if not workers:  # what is drawn has arrived
            assert sampler.state_dict() == state
        resumed.set_epoch(3)  # and the next epoch is a whole one
        assert len(list(resumed)) == 40


def test_what_was_taken_counts_from_where_the_loop_began():
    sampler = ClassBalancedSampler(LABELS, seed=3)
    sampler.load_state_dict({"seed": 3, "epoch": 0, "position": 600})
    iterator = iter(sampler)
    assert sampler.state_dict()["position"] == 600
    next(iterator)
    assert sampler.state_dict(consumed=1) == sampler.state_dict()
    assert sampler.state_dict(consumed=53)["position"] == len(LABELS)
    for consumed in (-1, 54, 1.5, "1"):
        with pytest.raises(InputError, match=f"consumed is {consumed}; .* from 0 to 53"):
            sampler.state_dict(consumed=consumed)


def test_a_state_of_another_sampler_is_refused():
    with pytest.raises(InputError, match="state has the position 5; this sampler draws 2 samples"):
        ClassBalancedSampler([0, 1]).load_state_dict({"seed": 0, "epoch": 0, "position": 5})


@pytest.mark.parametrize(
    "state",
    [{}, None, "5", 5.5, {"position": 1}]
    + [
        {"seed": 0, "epoch": 0, "position": 0} | wrong
        for wrong in ({"seed": -1}, {"epoch": -1}, {"epoch": None}, {"position": 1.5})
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(state):
    sampler = ClassBalancedSampler([0, 1], seed=3)
    with pytest.raises(InputError, match="state"):
        sampler.load_state_dict(state)
    assert sampler.state_dict() == {"seed": 3, "epoch": 0, "position": 0}


@pytest.mark.parametrize("epoch", [-1, 1.5, "1"])
def test_an_epoch_is_a_whole_number(epoch):
    with pytest.raises(InputError, match=f"epoch is {epoch}"):
        ClassBalancedSampler([0, 1]).set_epoch(epoch)


def test_labels_may_require_a_gradient():
    labels = torch.tensor([0.0, 0.0, 1.0])
    expected = list(ClassBalancedSampler(labels))
    assert list(ClassBalancedSampler(labels.requires_grad_())) == expected


def test_one_column_of_labels_is_drawn_as_its_two_classes():
    drawn = list(ClassBalancedSampler(np.array([[0], [0], [0], [1]]), num_samples=40))
    assert drawn.count(3) == 20


def test_a_data_set_may_stand_for_its_labels():
    data = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 0, 0, 1]))
    assert list(ClassBalancedSampler(data)) == list(ClassBalancedSampler([0, 0, 0, 1]))
    assert list(ClassBalancedSampler(Subset(data, [3, 0]))) == list(ClassBalancedSampler([1, 0]))


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="labels"):
        ClassBalancedSampler([])
    with pytest.raises(InputError, match="rank"):
        ClassBalancedSampler([0, 1], num_replicas=2, rank=2)
