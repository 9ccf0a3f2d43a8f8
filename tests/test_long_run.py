"""A long run: memory stays flat, and a second one gives the same bits."""

import gc
import tracemalloc

import torch

from imbtorch import Setup, build_model, fit


def held_memory():
    """Bytes of all tensors alive, which torch allocates itself, and of all else in Python.

    Subclasses are left out but for parameters: a compiler's have no memory, and no size either.
    """
    gc.collect()
    tensors = [o for o in gc.get_objects() if type(o) in (torch.Tensor, torch.nn.Parameter)]
    return sum(t.nbytes for t in tensors), tracemalloc.get_traced_memory()[0]


def test_a_hundred_epochs_leave_memory_flat_and_are_the_same_twice(blobs):
    def run(watch=()):
        held = {}

        def on_epoch(row):
            if row["epoch"] in watch:
                held[row["epoch"]] = held_memory()

        model = build_model("mlp", (2,), 3, seed=0)
        setup = Setup(batch_size=44)
        result = fit("m2m", model, blobs, epochs=100, setup=setup, on_epoch=on_epoch)
        return result, held

    tracemalloc.start()
    first, held = run(watch=(20, 70, 85, 100))  # M2m begins at 80
    tracemalloc.stop()
    for early, late in ((20, 70), (85, 100)):
        assert held[late][0] == held[early][0]
        # the history grows by a row an epoch, which with M2m's counts takes about 1 kB
        assert held[late][1] - held[early][1] < 2_000 * (late - early)
    second, _ = run()
    assert first.history == second.history
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
