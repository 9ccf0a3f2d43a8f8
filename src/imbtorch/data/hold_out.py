"""Hold out a part of a data set: at random class by class, by groups, or by time."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from imbtorch.data.copies import copies_in
from imbtorch.data.division import Division
from imbtorch.data.labels import some
from imbtorch.data.rows import Source, Split
from imbtorch.errors import InputError

SHARE = 0.25
"""Fraction of a data set without a held-out split that is held out."""
VALIDATION = 0.2
"""Fraction of the training set that is held out of it for choices."""


class Splits(NamedTuple):
    """Both splits of a source.

    Attributes
    ----------
    train, test : Split
        To train on, and held out.
    division : Division
        How the training split may be divided again.
    leaked : int
        Held-out samples of which the training split has a copy; 0 unless both are stored.
    """

    train: Split
    test: Split
    division: Division
    leaked: int


def splits_of(source: Source, data_seed: int) -> tuple[Split, Split]:
    """Return the training and the held-out split of a source; see `hold_out` if none is stored."""
    return (source.train, source.test) if source.test else hold_out(source, data_seed)[:2]


def divided(source: Source, data_seed: int) -> Splits:
    """Return both splits of a source, as `splits_of`, and what is known of copies in them."""
    if source.test is None:
        return hold_out(source, data_seed)
    numbers, tested = copies_in(source.kind, source.train, source.test)
    division = Division.joined(numbers, source.train)
    return Splits(source.train, source.test, division, int(np.isin(tested, numbers).sum()))


def hold_out(source: Source, data_seed: int, division: Division | None = None) -> Splits:
    """Hold out a quarter of the training split, class by class.

    Copies of a sample are on one side, and so are the samples of a group. If the samples have
    times, the latest are held out, or those from the date on that the user names.

    Parameters
    ----------
    source : Source
        Its training split is divided.
    data_seed : int
        Decides which samples are held out.
    division : Division, optional
        How it may be divided, by default what `Division.of` finds.

    Raises
    ------
    InputError
        If a class cannot be on both sides, or by time is among the later samples only; the error
        names it.
    """
    split, names = source.train, source.label_names
    values, counts = np.unique(split.labels, return_counts=True)
    if len(values) > 1 and counts.min() < 2 and split.by is None:
        raise InputError(
            f"DATA has one sample of class {some(values[counts < 2].tolist(), names)} and no "
            "held-out split: each class needs one sample to train on and one to test on; add one, "
            "or leave the class out"
        )
    division = division or Division.of(split, source.kind)
    if split.by is None or split.by.how != "time":
        division.check(split.labels, 2, "one to train on and one to test on", names)
    kept, held = division.hold_out(split.labels, SHARE, data_seed)
    if lost := np.setdiff1d(split.labels, split.labels[kept]).tolist():
        raise InputError(
            f"all samples of class {some(lost, names)} are among the latest, which are held out: "
            "name a later date, as in --test-split time:COLUMN:DATE, or leave the class out"
        )
    train, rest = split.take(kept), division.take(kept)
    if train.by is not None:  # the date has divided them
        train.by = replace(train.by, date=None)
        rest = replace(rest, by=train.by)
    return Splits(train, split.take(held), rest, 0)


def validation_rows(
    y: np.ndarray, data_seed: int, division: Division | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Divide the training set: return the rows to train on, and the fifth held out for choices.

    Copies of a sample and groups are not divided; where the test set is later than the training
    set, the rows held out are the latest. A class with one training sample, or with copies of one
    alone, keeps it: its validation recall is undefined.
    """
    kept, held = (division or Division(np.arange(len(y)))).hold_out(y, VALIDATION, data_seed)
    if len(held) == 0 or len(np.setdiff1d(y, y[kept])):
        why = (
            "a class is among the latest only"
            if len(held)
            else "no class has two different samples, or groups"
        )
        raise InputError(f"the training set cannot be split for validation: {why}")
    return kept, held
