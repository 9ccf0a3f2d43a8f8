"""`ClassBalancedSampler`: draws samples so that an epoch visits every class equally often."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch.distributed
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset, DistributedSampler

from imbtorch.data.array_likes import check_mask
from imbtorch.data.arrays import labels_of
from imbtorch.data.pairs import is_hugging_face
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole
from imbtorch.samplers.members import members_of

LARGEST = 2**63 - 1
"""The largest number of an epoch or a position, and the largest seed."""
BLOCK = 2**16
"""Number of indices that are made numbers of Python at once."""


class ClassBalancedSampler(DistributedSampler[Any]):
    """Visit every class equally often: class first, then an index within it.

    An epoch visits every class equally often (shares differ by at most one), in random order.
    Within a class, indices are drawn without replacement until all are used, so a sample is
    repeated only when its class has no unused one left.

    Parameters
    ----------
    labels : array-like of shape (N,) or (N, K), or Dataset
        Class of each sample, any integers; a class without a sample is not visited. For several
        labels per sample: one column per label, true where it is present. Every label then gets
        an equal share of the epoch, and so do the samples without any label; a sample with
        several labels is drawn for each of them. Of a data set, the labels are those that
        `labels_of` finds.
    num_samples : int, optional
        Samples per epoch over all replicas, by default N. Rounded up to a multiple of
        `num_replicas`, so that every replica makes the same number of steps.
    seed : int, default=0
        Training seed. The plan of an epoch depends only on (seed, epoch), so every replica
        computes the same plan and takes its own share of it.
    num_replicas, rank : int, optional
        Number of processes, and the number of this one; by default those of the process group,
        or a single process if there is no group.

    Raises
    ------
    InputError
        If `labels` is empty, several columns of it hold anything but 0 and 1, or `rank` is not
        below `num_replicas`.

    Notes
    -----
    A subclass of torch's ``DistributedSampler``, so that Lightning (Fabric) does not shard it a
    second time. In your own loop, call `set_epoch` before each epoch.

    Differs from the papers: they draw each sample independently (class with probability 1/K,
    then an index with replacement). Here the shares are exact, which has the same expectation
    and less noise.

    References
    ----------
    AMO (ICLR 2020 submission), baseline RS; M2m, section "Practical implementation".

    Examples
    --------
    >>> labels = np.array([0] * 90 + [1] * 10)
    >>> sampler = ClassBalancedSampler(labels, seed=0)
    >>> np.bincount(labels[list(sampler)])
    array([50, 50])

    A loop of your own that is interrupted after three batches, and resumed:

    >>> from torch.utils.data import DataLoader
    >>> loader = DataLoader(labels, batch_size=20, sampler=sampler, num_workers=2)
    >>> consumed = 0
    >>> for batch in loader:
    ...     consumed += len(batch)
    ...     if consumed == 60:
    ...         state = sampler.state_dict(consumed)
    ...         break
    >>> sampler.load_state_dict(state)
    >>> [len(batch) for batch in loader]
    [20, 20]
    """

    def __init__(
        self,
        labels: ArrayLike | Dataset[object],
        *,
        num_samples: int | None = None,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        of_data = isinstance(labels, Dataset) or is_hugging_face(labels)
        given: Any = labels_of(labels) if of_data else labels  # type: ignore[arg-type]
        check_mask(given, "labels")
        self.labels = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given)
        if self.labels.ndim not in (1, 2):
            raise InputError(f"labels has shape {self.labels.shape}; (N,) or (N, K) is needed")
        if self.labels.size == 0:
            raise InputError("labels is empty; a sampler needs at least one sample")
        grouped = torch.distributed.is_available() and torch.distributed.is_initialized()
        if num_replicas is None:
            num_replicas = torch.distributed.get_world_size() if grouped else 1
        if rank is None:
            rank = torch.distributed.get_rank() if grouped else 0
        if not 0 <= rank < num_replicas:
            raise InputError(
                f"rank is {rank}, with {num_replicas} replicas; it must be at least 0 and below "
                "the number of replicas"
            )
        if num_samples is not None:
            check_whole("num_samples", num_samples, 1, LARGEST)
            num_samples = int(num_samples)
        check_whole("seed", seed, 0, LARGEST)
        # only the length of the first argument is used
        super().__init__(cast(Any, self.labels), num_replicas, rank, seed=int(seed))
        wanted = len(self.labels) if num_samples is None else num_samples
        self.num_samples = -(-wanted // num_replicas)
        self.total_size = self.num_samples * num_replicas
        self._members, self._ends = members_of(self.labels)
        self._first = self._next_first = self._position = 0

    def plan(self) -> NDArray[np.int32 | np.int64]:
        """Return the whole epoch's indices, over all replicas, in order.

        They are int32, or int64 of 2^31 samples or more.
        """
        rng = np.random.default_rng((self.seed, self.epoch))
        num_classes = len(self._ends)
        shares = np.full(num_classes, self.total_size // num_classes)
        shares[rng.permutation(num_classes)[: self.total_size % num_classes]] += 1
        plan, at, start = np.empty(self.total_size, self._members.dtype), 0, 0
        for end, share in zip(self._ends.tolist(), shares.tolist(), strict=True):
            members = self._members[start:end]
            rounds, rest = divmod(share, end - start)
            drawn = at + rounds * len(members)
            plan[at:drawn].reshape(rounds, len(members))[:] = members
            plan[drawn : at + share] = rng.choice(members, rest, replace=False)
            at, start = at + share, end
        rng.shuffle(plan)
        return plan

    def __iter__(self) -> Iterator[int]:
        first, self._next_first = self._next_first, 0
        self._first = self._position = first
        return self._indices(first)

    def _indices(self, first: int) -> Iterator[int]:
        mine = self.plan()[self.rank :: self.num_replicas]
        for start in range(first, self.num_samples, BLOCK):
            # numbers of Python take eight times the memory: a block of them at a time
            block = mine[start : start + BLOCK].tolist()
            for self._position, index in enumerate(block, start + 1):
                yield index

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch whose plan the next iteration follows."""
        check_whole("epoch", epoch, 0, LARGEST)
        if epoch != self.epoch:
            self._resume_at(0)
        super().set_epoch(int(epoch))

    def state_dict(self, consumed: int | None = None) -> dict[str, int]:
        """Return what is needed to resume from here: seed, epoch and position.

        Parameters
        ----------
        consumed : int, optional
            Samples that your loop has received since it began to iterate. **Needed if the
            ``DataLoader`` has workers**: they are given indices in advance, so that more are
            drawn than have arrived. By default, all indices drawn count as received, which is
            exact without workers and in torchdata's ``StatefulDataLoader``, which calls this
            itself.

        Returns
        -------
        dict
            After the last sample of an epoch it says that the epoch is done: resumed, the rest of
            that epoch is empty, and `set_epoch` begins another.
        """
        position = self._position
        if consumed is not None:
            check_whole("consumed", consumed, 0, self.num_samples - self._first)
            position = self._first + int(consumed)
        return {"seed": self.seed, "epoch": self.epoch, "position": position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Resume from where `state_dict` was called."""
        if not isinstance(state, Mapping) or not {"seed", "epoch", "position"} <= state.keys():
            raise InputError(
                f"state is {state!r}; the seed, epoch and position that state_dict returned "
                "are needed"
            )
        for name in ("seed", "epoch", "position"):
            check_whole(f"the {name} of state", state[name], 0, LARGEST)
        if state["position"] > self.num_samples:
            raise InputError(
                f"state has the position {state['position']}; this sampler draws "
                f"{self.num_samples} samples per epoch: it is of other labels or processes"
            )
        self.seed, self.epoch = int(state["seed"]), int(state["epoch"])
        self._resume_at(int(state["position"]))

    def _resume_at(self, position: int) -> None:
        self._first = self._next_first = self._position = position
