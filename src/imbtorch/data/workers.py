"""Worker processes that load the samples of a data set, batch by batch."""

import multiprocessing.connection
import pickle
import random
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from imbtorch.errors import InputError
from imbtorch.option_types import check_whole
from imbtorch.seeding import derive_seed, same_random_state

KEPT = 2
"""Data sets whose workers wait for the next pass: usually the training and the held-out set."""
MOST_WORKERS = 1024
Batch = tuple[Tensor, Tensor]


class Workers:
    """Processes that load data sets; within a ``with`` block they stay from pass to pass.

    Batches come in the order in which they were asked for, and what a data set draws at random is
    the same for any number of processes: before each batch, the global generators of torch (on the
    CPU), NumPy and Python get a seed of their own. A generator that the data set holds itself is
    copied into each process, and so draws the same in all of them.

    Parameters
    ----------
    num_workers : int, default=0
        Processes for each data set; with 0, this process loads. Python's start method
        (``multiprocessing.get_start_method()``) decides how they begin: forked ones share the open
        files of this process, others get a pickled copy of the data set.

    Raises
    ------
    InputError
        If `num_workers` is not a whole number from 0 on; in a pass, if the data set cannot be
        pickled, or raises one.
    RuntimeError
        In a pass, if a process ends before its work is done. What else a data set raises in a
        process keeps its type, with the traceback there as its text.

    Examples
    --------
    >>> data = [(torch.zeros(2), i) for i in range(5)]
    >>> with Workers(0) as workers:
    ...     [y.tolist() for x, y in workers.load(data, [[4, 0], [1]])]
    [[4, 0], [1]]
    """

    def __init__(self, num_workers: int = 0) -> None:
        check_whole("num_workers", num_workers, 0, MOST_WORKERS)
        self.num_workers = int(num_workers)
        self._within = False
        self._waiting: dict[int, DataLoader[Any]] = {}

    def __enter__(self) -> "Workers":
        self._within = True
        return self

    def __exit__(self, *_: object) -> None:
        self._within = False
        while self._waiting:
            _end(self._waiting.popitem()[1])

    def load(
        self, dataset: Any, batches: Iterable[list[int]], *, pinned: bool = False
    ) -> Iterator[Batch]:
        """Yield the batches of a pass over a data set, (x, y) in memory.

        Parameters
        ----------
        dataset : Dataset
            Yields (x, y).
        batches : iterable of list of int
            The indices of each batch.
        pinned : bool, default=False
            Whether the batches lie in page-locked memory, from which CUDA copies faster.
        """
        seed = int(torch.empty((), dtype=torch.int64).random_())
        loader = self._waiting.pop(id(dataset), None)
        loader = self._loader(dataset, pinned) if loader is None else loader
        assert isinstance(loader.sampler, _Asked)
        loader.sampler.batches = ((derive_seed(seed, i), rows) for i, rows in enumerate(batches))
        done = False
        try:
            for batch in self._started(loader):
                if isinstance(batch, InputError):
                    raise batch
                yield batch
            done = True
        except (ConnectionError, EOFError) as error:  # or torch says so, if none was in transit
            if not _has_lost(loader):
                raise
            raise RuntimeError(f"a data worker exited before its work was done: {error}") from error
        finally:
            loader.sampler.batches = ()
            if done and self._within and id(dataset) not in self._waiting:
                self._waiting[id(dataset)] = loader
                if len(self._waiting) > KEPT:
                    _end(self._waiting.pop(next(iter(self._waiting))))
            else:
                _end(loader)

    def _loader(self, dataset: Any, pinned: bool) -> DataLoader[Any]:
        return DataLoader(
            _Loaded(dataset),
            batch_size=None,
            sampler=_Asked(),
            collate_fn=_as_it_is,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            pin_memory=pinned,
            generator=torch.Generator(),  # its seeds are not used, and the global one is left alone
        )

    def _started(self, loader: DataLoader[Any]) -> Iterator[Any]:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Got pickle error", UserWarning)  # said below
                return iter(loader)
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            if not self.num_workers or multiprocessing.get_start_method() == "fork":
                raise
            raise InputError(
                f"num_workers is {self.num_workers}, and the data set cannot be sent to another "
                f"process ({error}): define its class, and all functions that it holds, in a "
                "module that can be imported, or use num_workers=0"
            ) from error


def _has_lost(loader: DataLoader[Any]) -> bool:
    """Return whether a process of a loader has ended, or does so within a second."""
    processes = getattr(loader._iterator, "_workers", ())
    return bool(multiprocessing.connection.wait([p.sentinel for p in processes], timeout=1))


def _end(loader: DataLoader[Any]) -> None:
    """End the processes of a loader at once, even if a traceback still holds it."""
    iterator = getattr(loader, "_iterator", None)
    if iterator is not None:
        iterator._shutdown_workers()


class _Asked(Sampler[Any]):
    """The seeds and indices of the batches of the next pass."""

    def __init__(self) -> None:
        self.batches: Iterable[tuple[int, list[int]]] = ()

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        return iter(self.batches)


class _Loaded(Dataset[Batch | InputError]):
    """A data set by batches: (seed, indices) -> (x, y), or why there is none."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __getitem__(self, asked: tuple[int, list[int]]) -> Batch | InputError:
        seed, indices = asked
        together = getattr(self.dataset, "__getitems__", None)
        with same_random_state():
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.default_generator.manual_seed(seed)
            try:
                samples = together(indices) if together else [self.dataset[i] for i in indices]
                return _together(samples)
            except InputError as error:  # torch would put the traceback into its text
                return error


def _as_it_is(batch: Any) -> Any:
    return batch


def _together(samples: list[Any]) -> Batch:
    try:
        x, y = default_collate(samples)
        return x, y
    except (RuntimeError, TypeError) as error:
        shapes = dict.fromkeys(str(tuple(np.shape(sample[0]))) for sample in samples)
        if len(shapes) > 1:
            raise InputError(
                f"the inputs of a batch have the shapes {', '.join(shapes)}; all samples need one "
                "shape: resize or convert them in the data set"
            ) from error
        raise
