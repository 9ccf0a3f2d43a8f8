"""Batch size and epochs follow the size of a data set of one's own; benchmarks keep theirs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import Setup
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.sized_defaults import BENCHMARKS, FEWEST, LEAST, MOST, sized
from imbtorch.reproduction.paper_table import load_table, table_names
from imbtorch.training.setup import BACKBONE_SETUPS, SETUPS


@given(st.sampled_from([*SETUPS]), st.integers(2, 10**7))
def test_batches_are_a_tenth_at_most_and_steps_lie_between_the_bounds(model, samples):
    usual, epochs = SETUPS[model]
    setup, whole = sized(usual, epochs, samples)
    assert setup.batch_size == min(usual.batch_size, max(2, samples // 10))
    steps = whole * samples / setup.batch_size
    half = samples / setup.batch_size / 2  # epochs are whole
    assert steps >= LEAST - half
    assert steps <= MOST + half or whole == FEWEST
    if LEAST < epochs * samples / usual.batch_size < MOST and samples >= 10 * usual.batch_size:
        assert (setup, whole) == (usual, epochs)


@given(st.sampled_from([*BACKBONE_SETUPS]), st.integers(2, 10**6))
def test_a_pretrained_network_takes_no_more_epochs_than_usual(kind, samples):
    usual, epochs = BACKBONE_SETUPS[kind]
    setup, whole = sized(usual, epochs, samples, pretrained=True)
    assert setup.batch_size <= usual.batch_size
    assert min(epochs, FEWEST) <= whole <= epochs


def test_the_setup_that_the_papers_tables_rest_on_stays():
    for table in map(load_table, table_names()):
        for options in table.columns.values():
            assert "task" in options or options["data"] in BENCHMARKS
    task = make_task("digits")
    assert (task.setup.batch_size, task.epochs) == (32, 100)
    # a tenth of it is less than the usual batch
    assert make_task("digits", model="mlp", ratio=100.0, batch_size=None).setup.batch_size == 32


def test_ones_own_small_data_get_small_batches_and_enough_steps(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "own.npz"
    np.savez(path, features=rng.normal(size=(120, 3)), labels=np.repeat([0, 1], [100, 20]))
    task = make_task(str(path))
    assert task.setup.batch_size == 9  # of 90 training samples
    assert task.epochs == 100
    assert make_task(str(path), batch_size=64).setup.batch_size == 64
    asked = make_task(str(path), epochs=5)
    assert (asked.epochs, asked.setup.batch_size) == (5, 9)
    assert asked.setup == Setup(**{**vars(SETUPS["mlp"][0]), "batch_size": 9})
