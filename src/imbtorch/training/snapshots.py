"""Snapshots: a run's state on disk, so that an interrupted run can resume."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError
from imbtorch.training.held import state_of
from imbtorch.training.own_code import code_of
from imbtorch.training.phases.phase import Phase
from imbtorch.training.recipe import Recipe
from imbtorch.training.run import Keep, Run
from imbtorch.training.run_state import State, bring_to, state_now
from imbtorch.training.slots import describe
from imbtorch.training.tensor_file import write_tensors


class Snapshots:
    """A folder of saved run states, from which `fit` resumes.

    A state is written after each phase that trains the network, at intervals within a phase, and
    when a run is interrupted (KeyboardInterrupt): the one after the last epoch is kept in memory.
    An interrupted run resumes from its last state and ends as if it had not been interrupted (on
    the CPU bit for bit). Recipes that begin alike, such as drs, drw and m2m, share states: the
    second one starts where they diverge. ``FitResult.seconds`` counts the shared part for each,
    and its history has the rows as they were measured: keep to one `eval_every`. Runs without a
    held-out set share nothing with those that have one.

    Parameters
    ----------
    folder : str or Path
        Created if missing. Use it for one training set, held-out set and network: its runs are told
        apart only by recipe, with the code of its methods that are a program's own and what they
        hold, training seed, setup and class counts. Remove it when all are done.
    every : float, default=60.0
        Minimum number of seconds between states within a phase.
    keep_at : iterable of int, optional
        Epochs after which a state within a phase is written and kept, because the phase of
        another recipe ends there.

    Notes
    -----
    `fit` raises an InputError where a state is of other data: of another number of samples, another
    order of the labels, or, where the samples are in memory, other values in some of them.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from imbtorch import fit
    >>> from imbtorch.models import mlp
    >>> x, y = torch.randn(60, 2), torch.tensor([0] * 50 + [1] * 10)
    >>> snapshots = Snapshots(tempfile.mkdtemp())
    >>> network = mlp((2,), 2)
    >>> start = {name: value.clone() for name, value in network.state_dict().items()}
    >>> _ = fit("drs", network, (x, y), epochs=5, snapshots=snapshots)
    >>> network.load_state_dict(start)
    <All keys matched successfully>
    >>> result = fit("drw", network, (x, y), epochs=5, snapshots=snapshots)  # trains one epoch
    >>> len(result.history)
    5
    """

    def __init__(
        self, folder: str | Path, *, every: float = 60.0, keep_at: Iterable[int] = ()
    ) -> None:
        self.folder, self.every, self.keep_at = Path(folder), every, frozenset(keep_at)
        self._written = time.monotonic()
        self._last: Path | None = None
        self._held: tuple[Path, State] | None = None

    def keys(self, run: Run, recipe: Recipe) -> Iterator[tuple[int, str]]:
        """Yield the index of each phase that trains the network, and a key for its states.

        The key covers everything before the phase, and the phase itself except its length: a
        longer phase can resume from a shorter one.
        """
        around = [recipe.head, run.augment]
        way: list[Any] = [
            run.seed,
            run.counts,
            run.total_epochs,
            *(["unmeasured"] if run.val is None else []),
            describe(run.setup),
            describe(run.augment),
            run.model.spec,
            str(run.model),
            describe(recipe.head),
            run.fabric._precision.precision,
            *filter(None, [code_of(around), state_of(around)]),
        ]
        for index, phase in enumerate(recipe.phases):
            if not phase.trains_network:
                return
            described = phase.describe()
            epochs = described.pop("epochs")
            if code := code_of([phase]):
                described["code"] = code
            if held := state_of([phase]):
                described["held"] = held
            text = json.dumps([*way, described]).encode()
            yield index, hashlib.sha256(text).hexdigest()[:16]
            way.append({**described, "epochs": epochs})

    def restore(self, run: Run, recipe: Recipe) -> int:
        """Bring a run to its furthest stored state; return the index of the phase to run next."""
        self._last, self._held, self._written = None, None, time.monotonic()
        for index, key in reversed(list(self.keys(run, recipe))):
            done = {int(p.stem.rpartition("-")[2]): p for p in self.folder.glob(f"{key}-*.state")}
            for epochs in sorted(done, reverse=True):
                whole = recipe.phases[index].epochs
                if epochs <= whole and (header := bring_to(done[epochs], run)):
                    if not header.get("kept", True):
                        self._last = done[epochs]  # the next state replaces it
                    return index + (epochs == whole)
        return 0

    def epoch_done(self, run: Run, key: str, done: int, last: bool) -> None:
        """Write the state after an epoch of a phase, if one is due.

        Parameters
        ----------
        run : Run
            The run to save.
        key : str
            See `keys`.
        done : int
            Number of epochs of the phase done so far.
        last : bool
            Whether these are all of them.
        """
        kept = last or run.epoch in self.keep_at
        path = self.folder / f"{key}-{done}.state"
        self._held = path, state_now(run, kept)
        if not kept and time.monotonic() - self._written < self.every:
            return
        self.write_held()
        if kept:
            self._last = None

    def write_held(self) -> None:
        """Write the state after the last epoch, if it is not on disk: the run is interrupted."""
        if self._held is None:
            return
        path, state = self._held
        if not path.exists():
            with suppress(FileNotFoundError):  # another process may have removed the folder
                write_tensors(path, *state)
        if self._last is not None and self._last != path:
            self._last.unlink(missing_ok=True)
        self._last, self._held, self._written = path, None, time.monotonic()


def phases_to_run(
    run: Run, recipe: Recipe, snapshots: Snapshots | None
) -> Iterator[tuple[int, Phase, Keep | None]]:
    """Yield each remaining phase: the epoch at which it begins, the phase, and what saves it.

    Parameters
    ----------
    run : Run
        At its beginning; brought to its last stored state.
    recipe : Recipe
        All phases.
    snapshots : Snapshots or None
        Where the states are.

    Raises
    ------
    InputError
        If there are snapshots and several processes.
    """
    start, keys = 0, dict[int, str]()
    if snapshots is not None:
        if run.fabric.world_size > 1:
            raise InputError(f"snapshots need a single process; there are {run.fabric.world_size}")
        keys = dict(snapshots.keys(run, recipe))
        start = snapshots.restore(run, recipe)
        if run.on_epoch is not None:
            for row in run.history:
                run.on_epoch(row)
    first = 0
    for index, phase in enumerate(recipe.phases):
        if index >= start:
            keep = None
            if snapshots is not None and index in keys:
                keep = partial(snapshots.epoch_done, run, keys[index])
            yield first, phase, keep
        first += phase.epochs if phase.trains_network else 0
