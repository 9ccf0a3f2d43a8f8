"""Data divided into folds: each is held out once, and the others are trained on."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from imbtorch.data.arrays import take
from imbtorch.data.division import Division
from imbtorch.data.fold import Fold
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import Input
from imbtorch.data.labels import EncodedLabels, encode_labels, some
from imbtorch.data.load import LoadedData
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Rows, Source
from imbtorch.data.sources import name_of
from imbtorch.data.splits import Reading
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.takes import input_for, notes_on_texts, open_for
from imbtorch.data.tensors import datasets_of
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole
from imbtorch.seeding import derive_seed

Numbers = NDArray[np.int64]
MOST = 1000
"""Folds at most."""
AT_HAND = 2
"""Input kinds whose tensors of all samples are kept: most folds share one."""


def load_folds(
    data: str | PathLike[str],
    folds: int,
    *,
    profile: str = "auto",
    ratio: float = 100.0,
    data_seed: int = 0,
    takes: ImageInput | TokenInput | None = None,
    **reading: str | int | Sequence[str] | None,
) -> "Folds":
    """Open DATA and divide it into folds, each of which is held out once.

    Parameters
    ----------
    data : str or path
        See `imbtorch.data.sources.open_source`.
    folds : int
        How many, at least 2.
    profile, ratio, data_seed, takes, **reading
        As for `load_data`; the imbalance is made in the training samples of each fold.

    Returns
    -------
    Folds

    Raises
    ------
    InputError
        If a held-out split is stored, or a class is too rare for so many folds.
    """
    check_whole("folds", folds, 2, MOST)
    asked, wanted = Profile.parse(profile, ratio), Reading.of(**reading)  # type: ignore[arg-type]
    data = name_of(data)
    source = open_for(data, wanted, takes)
    if source.test is not None:
        raise InputError(
            f"folds is {folds}; DATA has a held-out split, which folds do not use: say "
            "--test-split none to divide the training split alone, or leave --folds out"
        )
    fit_input = partial(input_for, source, takes=takes, image_size=wanted.image_size)
    return Folds(data, source, folds, data_seed, asked, fit_input, wanted.test_split)


class Folds:
    """Data that are divided anew in every repetition; see `load_folds`.

    Everything that is fitted (the input kind, the profile) is fitted on the training samples of a
    fold alone; what it makes of a sample does not depend on the others, so that samples become
    tensors together.

    Parameters
    ----------
    name : str
        The DATA argument.
    source : Source
        Without a held-out split.
    folds : int
        How many.
    data_seed : int
        Decides which sample is in which fold.
    profile : Profile
        The imbalance to make in the training samples; "auto" is settled by those of the first fold.
    fit_input : callable
        Training rows -> input kind.
    test_split : str, optional
        What the user says of it, see `Reading`.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        folds: int,
        data_seed: int,
        profile: Profile,
        fit_input: Callable[[Rows], Input],
        test_split: str | None = None,
    ) -> None:
        self.name, self.source, self.folds = name, source, folds
        self.data_seed, self._fit_input = data_seed, fit_input
        self.test_split = test_split if source.train.by else None
        split = source.train
        self.labels: EncodedLabels = encode_labels(split.labels, split.labels, source.label_names)
        self.division = Division.of(split, source.kind)
        self._specs: dict[int, Input] = {}
        self._pools: list[tuple[Input, Dataset[Any], str]] = []
        self._numbers = cache(self._divide)
        self.data = lru_cache(maxsize=1)(self._data)
        held = self._held(0)  # raises if a class is too rare
        self.profile = profile.settled(np.bincount(self.labels.train[~held]))  # once for all folds

    def _divide(self, repetition: int) -> Numbers:
        """Return the fold in which each sample is held out."""
        seed = derive_seed(self.data_seed, "folds", repetition)
        split, names = self.source.train, self.source.label_names
        return self.division.folds(split.labels, self.folds, seed, names)

    def _held(self, seed: int) -> NDArray[np.bool_]:
        """Return which samples are held out for a training seed."""
        repetition, number = divmod(seed, self.folds)
        held: NDArray[np.bool_] = self._numbers(repetition) == number
        return held

    def rows(self, seed: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the training and of the held-out samples of a training seed."""
        held = self._held(seed)
        train = np.flatnonzero(~held)
        y = self.labels.train[train]
        keep = self.profile.rows(y, len(self.labels.classes), self.data_seed)
        return train[keep], np.flatnonzero(held)

    def _made(self, seed: int) -> Profile:
        """Return the profile of the training samples of a training seed."""
        return self.profile.measured(np.array(self.counts(seed)))

    def counts(self, seed: int) -> tuple[int, ...]:
        """Return the training samples of each class, for a training seed."""
        y = self.labels.train[self.rows(seed)[0]]
        return tuple(np.bincount(y, minlength=len(self.labels.classes)).tolist())

    def spec(self, seed: int) -> Input:
        """Return the input kind, as fitted on the training samples of a training seed."""
        if seed not in self._specs:
            train = self.source.train.rows.take(self.rows(seed)[0])
            self._specs[seed] = self._fit_input(train)
        return self._specs[seed]

    def pooled(self, spec: Input) -> tuple[Dataset[Any], str]:
        """Return all samples as tensors of an input kind, and their hash."""
        for known, dataset, digest in self._pools:
            if known == spec:
                return dataset, digest
        parts = (self.source.train.rows, self.labels.train)
        (dataset,), digest = datasets_of(spec, self.labels.classes, parts)
        self._pools = [*self._pools[1 - AT_HAND :], (spec, dataset, digest)]
        return dataset, digest

    def fold(self, seed: int) -> Fold:
        """Return the fold of a training seed."""
        train, test = self.rows(seed)
        pooled = self.pooled(self.spec(seed))[1]
        first = self.pooled(self.spec(0))[1] if seed else pooled
        digest = _hash(first, self._numbers(0))
        counts, profile = self.counts(0), self._made(0)
        return Fold(self.folds, seed, train, test, digest, pooled, counts, profile)

    def _data(self, seed: int, samples: Dataset[Any] | None = None) -> LoadedData:
        """Return the data of a training seed; `samples` stand in for all samples as tensors."""
        fold, spec, y = self.fold(seed), self.spec(seed), self.labels.train
        everything = self.pooled(spec)[0] if samples is None else samples
        train, test = (take(everything, rows) for rows in (fold.train, fold.test))
        made, n = self._made(seed), len(y) - len(fold.train) - len(fold.test)
        left_out = {**self.source.left_out, f"profile {made.label}": n}
        return LoadedData(
            self.name,
            train,
            test,
            self.labels.classes,
            spec,
            made,
            tuple(self._notes(spec, fold, everything)),
            _hash(fold.pooled, fold.train, fold.test),
            left_out={reason: n for reason, n in left_out.items() if n},
            gray=isinstance(spec, ImageInput) and self.source.train.rows.survey.channels == 1,
            test_rows=self.source.train.rows.take(fold.test),
            division=self.division.take(fold.train),
            test_split=self.test_split,
            fold=fold,
        )

    def _notes(self, spec: Input, fold: Fold, everything: Dataset[Any]) -> list[str]:
        notes = [*self.source.notes, *self.labels.notes]
        if isinstance(spec, ImageInput):
            notes += self.source.train.rows.survey.notes(spec)
        notes += [*notes_on_texts(spec, everything), *self.division.notes()]
        if isinstance(spec, TableInput):
            notes += spec.notes(self.source.train.rows.take(fold.train).values)
        notes.append(f"{self.folds} folds, each held out once, with equal shares of the classes")
        numbers, y = self._numbers(fold.seed // self.folds), self.labels.train
        absent = {k for n in range(self.folds) for k in np.setdiff1d(y, y[numbers == n]).tolist()}
        if absent:
            notes.append(
                f"some folds have no sample of class {some([*absent], self.labels.classes)}: its "
                "recall is undefined there, and averages are over the other classes"
            )
        return notes


def _hash(text: str, *numbers: Numbers) -> str:
    digest = hashlib.sha256(text.encode())
    for values in numbers:
        digest.update(values.astype(np.int64).tobytes())
        digest.update(b"|")
    return digest.hexdigest()[:16]
