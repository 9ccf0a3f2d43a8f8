"""Worker processes: the same figures for any number of them, faults with their cause, none left."""

import multiprocessing
import os
import time
from contextlib import contextmanager

import pytest
import torch

from drawn import Drawn
from imbtorch import compare, evaluate, fit
from imbtorch.data.batches import Batches
from imbtorch.data.workers import KEPT, Workers
from imbtorch.errors import InputError
from imbtorch.models import embed, mlp

FORK = multiprocessing.get_context("fork")
pytestmark = [
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),  # on one core
]


class Process(Drawn):
    """Says which process made a sample."""

    def __getitem__(self, index):
        return torch.tensor([os.getpid(), index], dtype=torch.int64), index % 3


class Faulty(Drawn):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def __getitem__(self, index):
        if index == 5:
            raise self.error
        return super().__getitem__(index)


@pytest.fixture(autouse=True)
def none_left():
    before = set(multiprocessing.active_children())
    yield
    assert not set(multiprocessing.active_children()) - before


@contextmanager
def start_method(name):
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(name, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


def processes(data, workers):
    return {int(pid) for x, _ in Batches(data, batch_size=4, workers=workers) for pid, _ in x}


def test_figures_do_not_depend_on_the_number_of_workers():
    """Neither order, nor augmentation, nor what the data set draws, nor dropout."""

    def trained(num_workers):
        torch.manual_seed(0)
        network = mlp((4,), 3, hidden=8)
        network.features.append(torch.nn.Dropout())
        made = fit(
            *("drs", network, Drawn(), Drawn(9)),
            epochs=5,
            seed=1,
            augment=lambda x, rng: x + torch.rand(x.shape, generator=rng),
            num_workers=num_workers,
        )
        torch.manual_seed(0)
        metrics = evaluate(made.model, Drawn(9), [1, 1, 1], num_workers=num_workers)
        embedded, _ = embed(made.model, Drawn(9), num_workers=num_workers)
        return made.history, metrics, embedded.tolist()

    expected = trained(0)
    assert trained(2) == expected


def test_a_pass_draws_as_much_from_the_global_generator_with_any_number():
    after = []
    for number in (0, 1):
        torch.manual_seed(0)
        for _ in Workers(number).load(Drawn(), [[1, 2], [3]]):
            pass
        after.append(float(torch.rand(())))
    assert after[0] == after[1]


def test_batches_keep_the_order_of_the_sampler():
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0)).tolist()
    batches = Batches(Process(), order, batch_size=4, workers=Workers(2))
    made = [x[:, 1] for x, _ in batches]
    assert len(made) == len(batches)
    assert torch.cat(made).tolist() == order


def test_workers_stay_from_pass_to_pass_within_a_block():
    data, other = Process(), Process()
    with Workers(2) as workers:
        first = processes(data, workers)
        assert len(first) == 2
        assert os.getpid() not in first
        assert not first & processes(other, workers)  # each data set has its own
        assert processes(data, workers) == first
        for _ in range(KEPT):
            processes(Process(), workers)
        until = time.monotonic() + 30  # one that is told to end may take a moment
        while len(multiprocessing.active_children()) > 2 * KEPT and time.monotonic() < until:
            time.sleep(0.05)
        assert len(multiprocessing.active_children()) == 2 * KEPT
        assert processes(data, workers).isdisjoint(first)
    assert processes(data, Workers(0)) == {os.getpid()}


def test_an_unfinished_pass_leaves_no_process():
    with Workers(1) as workers:
        batches = workers.load(Process(), [[0], [1], [2]])
        next(batches)
        batches.close()
        assert not multiprocessing.active_children()
        assert len([*workers.load(Process(), [[0], [1]])]) == 2


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_input_error_of_a_data_set_stays_what_it_is(num_workers):
    with pytest.raises(InputError) as said:
        fit("erm", mlp((4,), 3), Faulty(InputError("b.png is empty")), num_workers=num_workers)
    assert str(said.value) == "b.png is empty"


@pytest.mark.parametrize("num_workers", [0, 1])
def test_other_errors_keep_their_type_and_cause(num_workers):
    with pytest.raises(FileNotFoundError, match=r"b\.png"):
        fit("erm", mlp((4,), 3), Faulty(FileNotFoundError("b.png")), num_workers=num_workers)


@pytest.mark.parametrize("number", [-1, 1.5, "2", True])
def test_a_number_of_workers_out_of_range_is_refused(number):
    with pytest.raises(InputError, match="num_workers is"):
        fit("erm", mlp((4,), 3), Drawn(), num_workers=number)


def test_an_interrupted_run_leaves_no_process():
    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("erm", mlp((4,), 3), Drawn(), epochs=2, on_epoch=stop, num_workers=2)


def test_what_cannot_be_sent_to_another_process_is_refused():
    class Local(Drawn):
        pass

    with start_method("spawn"), pytest.raises(InputError, match="use num_workers=0"):
        fit("erm", mlp((4,), 3), Local(), num_workers=1)


def test_spawned_processes_load_the_same():
    def losses(num_workers):
        torch.manual_seed(0)
        made = fit("erm", mlp((4,), 3), Drawn(), epochs=2, num_workers=num_workers)
        return [row["loss"] for row in made.history]

    with start_method("spawn"):
        spawned = losses(1)
    assert spawned == losses(0)


def test_a_comparison_has_workers_too(tmp_path, request):
    def measured(num_workers):
        torch.manual_seed(0)
        data = Drawn(), Drawn(9)
        made = compare(
            data,
            model=lambda: mlp((4,), 3),
            recipes=["erm"],
            seeds=1,
            epochs=1,
            out=tmp_path / str(num_workers),
            num_workers=num_workers,
            progress=False,
        )
        return made.rows[0]["metrics"], made.rows[0]["history"]

    with_workers = measured(2)
    request.getfixturevalue("no_report")
    assert measured(0) == with_workers


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_file_that_ends_too_soon_is_not_taken_for_a_lost_process(num_workers):
    with pytest.raises(EOFError), Workers(num_workers) as workers:
        [*workers.load(Faulty(EOFError("the file ends")), [[4], [5]])]


def test_measuring_does_not_change_training():
    """A data set that draws is measured at other epochs, or not at all: the network is the same."""

    def trained(val, every=1):
        torch.manual_seed(0)
        network = fit("erm", mlp((4,), 3), Drawn(), val, epochs=3, eval_every=every).model
        return network.head.weight

    alone = trained(None)
    for every in (1, 2):
        assert torch.equal(trained(Drawn(), every), alone)
