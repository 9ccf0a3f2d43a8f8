"""ClassBalancedSampler: even classes, nothing doubled or lost over processes, resumable."""

import hashlib
import tracemalloc
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Subset, TensorDataset, WeightedRandomSampler

from imbtorch import InputError, Recipe, RefitHead, Train
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.samplers.class_balanced import BLOCK
from imbtorch.training.checks import check_divided

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


COUNTS = [500, 299, 179, 107, 64, 38, 23, 14, 8, 5]
PLANS = {
    "long-tailed": (np.repeat(np.arange(10), COUNTS), {"seed": 3}, "c369ad023c8ed6af"),
    "wide": (
        np.roll(np.repeat(np.arange(10), COUNTS), 777) * 1_000_003 - 7,
        {"seed": 3, "num_samples": 5000, "num_replicas": 2, "rank": 1},
        "e4cb3a2bff62d448",
    ),
    "strings": (
        np.array(["b", "a", "c"])[np.roll(np.repeat(np.arange(10), COUNTS), 3) % 3],
        {"seed": 1},
        "2a7b2476776392fe",
    ),
    "several": (
        np.arange(600)[:, None] % np.array([2, 3, 50]) == 1,
        {"seed": 5},
        "716603e251a44e72",
    ),
    "large": (np.repeat([0, 1, 9], [60_000, 20_100, 100]), {"seed": 2}, "1042b66da331e998"),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_plan_of_a_seed_stays_what_it_is(name):
    """Stored results follow from it."""
    labels, options, expected = PLANS[name]
    sampler = ClassBalancedSampler(labels, **options)
    made = hashlib.sha256()
    for epoch in range(3):
        sampler.set_epoch(epoch)
        made.update(sampler.plan().astype("<i8").tobytes())
    assert made.hexdigest()[:16] == expected


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_any_whole_numbers_are_labels(classes, seed):
    labels = np.random.default_rng(seed).choice(np.array(classes), 40)
    visited = ClassBalancedSampler(labels, num_samples=200)
    _, counts = np.unique(labels[list(visited)], return_counts=True)
    assert len(counts) == len(np.unique(labels))
    assert counts.max() - counts.min() <= 1


def test_indices_become_numbers_of_python_a_block_at_a_time():
    sampler = ClassBalancedSampler(np.arange(400_000) % 3)
    for _ in sampler:  # its modules, its plan
        break
    tracemalloc.start()
    try:
        indices = iter(sampler)
        next(indices)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 400_000 * 4 + 40 * BLOCK + 100_000  # the plan in int32, and one block


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


def test_of_a_sampler_that_is_not_divided_all_processes_would_take_the_whole():
    two = SimpleNamespace(world_size=2)
    by_weight = WeightedRandomSampler([1.0] * 4, 4)
    mine = ClassBalancedSampler([0, 1], num_replicas=2, rank=1)
    for sampler in (by_weight, lambda labels: by_weight, ClassBalancedSampler([0, 1])):
        with pytest.raises(InputError, match=r"sampler is .* num_replicas and rank, such as Class"):
            check_divided(two, Recipe("own", [Train(1), Train(1, sampler=sampler)]))
        check_divided(SimpleNamespace(world_size=1), Recipe("own", [Train(1, sampler=sampler)]))
        check_divided(two, Recipe("own", [Train(1), RefitHead(sampler=sampler)]))  # all do it alike
    check_divided(two, Recipe("rs", [Train(1, sampler=s) for s in (ClassBalancedSampler, mine)]))
