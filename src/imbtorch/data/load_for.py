"""Load DATA for a network that is already trained, in the form it takes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from imbtorch.data.arrays import labels_of, take
from imbtorch.data.division import Division
from imbtorch.data.folds import Folds
from imbtorch.data.hold_out import Splits, divided, hold_out, validation_rows
from imbtorch.data.inputs import Input, as_text, stored_kind
from imbtorch.data.labels import class_names
from imbtorch.data.load import Part
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Source, Split
from imbtorch.data.sources import open_source
from imbtorch.data.splits import FREE, Reading
from imbtorch.data.tables.column_roles import LABEL_COLUMNS
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.takes import check_kind
from imbtorch.data.tensors import datasets_of
from imbtorch.errors import InputError

OPTIONAL = ("test_split", "folds", "fold", "label")
"""What a checkpoint says of its data only if there is something to say."""


@dataclass(frozen=True)
class TrainedOn:
    """The data that a network was trained on, as its checkpoint says.

    Parameters
    ----------
    classes : sequence of str
        The network's classes.
    counts : sequence of int
        Training samples of each class.
    profile : Profile
        The imbalance made in them.
    data_seed : int
        Decided which samples were kept and held out.
    digest : str
        Hash of both sets, see `LoadedData`.
    test_split : str, optional
        The column by which samples were held out, as in ``group:patient``.
    folds : int, optional
        The number of folds, if one of them was held out.
    fold : int, default=0
        The training seed that it belongs to, see `Fold`.
    label : str, optional
        The column of the labels, of a table.
    held_validation : bool, default=False
        Whether a fifth of the training set was held out to choose a decision on.
    """

    classes: Sequence[str]
    counts: Sequence[int]
    profile: Profile
    data_seed: int
    digest: str
    held_validation: bool = False
    test_split: str | None = None
    folds: int | None = None
    fold: int = 0
    label: str | None = None

    @classmethod
    def from_header(cls, data: Mapping[str, Any]) -> "TrainedOn":
        """Read the entry ``data`` of a checkpoint's header."""
        profile = Profile.from_json(data["profile"])
        held_out = {k: data[k] for k in OPTIONAL if k in data}
        held = Part.DECISION in data.get("parts", [])
        seen = (data["classes"], data["counts"], profile, data["data_seed"], data["hash"])
        return cls(*seen, held, **held_out)


@dataclass(frozen=True)
class Opened:
    """DATA in the form a trained network takes.

    Attributes
    ----------
    train, test : Dataset
        Yield (x, y). `train` is None if all samples are in `test`.
    notes : tuple of str
        What was taken for what.
    as_trained : bool, default=False
        Whether these are the data that the network was trained on.
    validation : Dataset, optional
        What was then held out of the training set to choose a decision on.
    """

    train: Dataset[Any] | None
    test: Dataset[Any]
    notes: tuple[str, ...]
    as_trained: bool = False
    validation: Dataset[Any] | None = None


def load_for(data: str, spec: Input, trained_on: TrainedOn, reading: Reading = FREE) -> Opened:
    """Open DATA in the form a trained network takes.

    A stored held-out split is the test set. Without one, data that the network was trained on (the
    same samples, wherever they are stored) are divided as they were for its training; of any other
    data, all samples are the test set.

    Parameters
    ----------
    data : str
        See `imbtorch.data.sources.open_source`.
    spec : ImageInput, TextInput, WindowInput, FeatureInput or TableInput
        The input kind the network was trained on; its columns are looked for by name.
    trained_on : TrainedOn
        What the network was trained on; the labels in DATA must be among its classes.
    reading : Reading, optional
        Label column and splits, where the user names them.

    Returns
    -------
    Opened

    Raises
    ------
    InputError
        If DATA cannot be opened, or holds another kind of input or unknown labels.
    """
    columns = () if data.endswith(".npz") else getattr(spec, "columns", ())
    kind = stored_kind(spec) if columns else None
    reading = replace(reading, columns=columns, kind=kind, trained_label=trained_on.label)
    label = reading.label or trained_on.label
    labels = dict.fromkeys([label] if label else LABEL_COLUMNS, _are_texts(trained_on.classes))
    reading = replace(reading, as_text=labels | as_text(spec))
    source = open_source(data, reading)
    notes = list(source.notes)
    check_kind(source, spec)
    if isinstance(spec, TableInput):
        for split in filter(None, (source.train, source.test)):
            notes += [note for note in spec.unseen(split.rows.values) if note not in notes]
    again = _as_trained(_divided_alike(source, data, reading, trained_on), spec, trained_on)
    if again:
        notes.append("these are the data the network was trained on")
        if again.validation is not None:
            number = len(again.validation)  # type: ignore[arg-type]
            notes.append(f"{number} more training samples were held out to choose a decision on")
        return replace(again, notes=tuple(notes))
    if source.test is None:
        notes.append(f"no held-out split is stored: all {len(source.train.labels)} samples")
        (test,) = _datasets(source, spec, trained_on, source.train)
        return Opened(None, test, tuple(notes))
    train, test = _datasets(source, spec, trained_on, source.train, source.test)
    return Opened(train, test, tuple(notes))


def _are_texts(classes: Sequence[str]) -> bool:
    """Whether labels are texts: neither whole numbers nor truth values."""
    return not all(re.fullmatch(r"0|-?[1-9]\d*|True|False", name) for name in classes)


def _divided_alike(source: Source, data: str, reading: Reading, trained_on: TrainedOn) -> Source:
    """Return DATA as opened, or with the column by which the network's own were divided."""
    if trained_on.test_split in (None, reading.test_split):
        return source
    try:
        return open_source(data, replace(reading, test_split=trained_on.test_split))
    except InputError:  # other data, without that column
        return source


def _as_trained(source: Source, spec: Input, trained_on: TrainedOn) -> Opened | None:
    """Return all sets as they were in training, or None if these are other data."""
    if trained_on.folds is not None:
        return _fold_as_trained(source, spec, trained_on)
    if source.test is not None:
        return _same(source, spec, trained_on, divided(source, trained_on.data_seed))
    apart = Division(np.arange(len(source.train.labels)))
    for division in (None, apart):  # versions up to 0.2 did not keep copies together
        try:
            splits = hold_out(source, trained_on.data_seed, division)
        except InputError:
            continue
        if found := _same(source, spec, trained_on, splits):
            return found
    return None


def _same(source: Source, spec: Input, trained_on: TrainedOn, splits: Splits) -> Opened | None:
    """Return all sets if they are those of the training, else None."""
    train, test, division, _ = splits
    try:
        y = _numbers(train, source, trained_on.classes)
        keep = trained_on.profile.rows(y, len(trained_on.classes), trained_on.data_seed)
        train, y = train.take(keep), y[keep]
        kept, held = np.arange(len(y)), np.array([], np.int64)
        if trained_on.held_validation:
            kept, held = validation_rows(y, trained_on.data_seed, division.take(keep))
    except InputError:
        return None
    if np.bincount(y[kept], minlength=len(trained_on.classes)).tolist() != list(trained_on.counts):
        return None
    test_y = _numbers(test, source, trained_on.classes)
    sets, digest = datasets_of(
        spec, tuple(trained_on.classes), (train.rows, y), (test.rows, test_y)
    )
    if digest != trained_on.digest:
        return None
    if not trained_on.held_validation:
        return Opened(sets[0], sets[1], (), True)
    return Opened(take(sets[0], kept), sets[1], (), True, take(sets[0], held))


def _fold_as_trained(source: Source, spec: Input, trained_on: TrainedOn) -> Opened | None:
    """Return all sets as they were beside a fold, or None if these are other data."""
    source = replace(source, test=None)  # folds are of the training split
    folds, seed, profile = trained_on.folds or 0, trained_on.data_seed, trained_on.profile
    try:
        found = Folds("", source, folds, seed, profile, lambda rows: spec).data(trained_on.fold)
    except InputError:
        return None
    if found.digest != trained_on.digest or found.classes != tuple(trained_on.classes):
        return None
    if not trained_on.held_validation:
        return Opened(found.train, found.test, (), True)
    kept, held = validation_rows(labels_of(found.train).numpy(), seed, found.division)
    return Opened(take(found.train, kept), found.test, (), True, take(found.train, held))


def _datasets(
    source: Source, spec: Input, trained_on: TrainedOn, *splits: Split
) -> list[Dataset[Any]]:
    classes = tuple(trained_on.classes)
    return datasets_of(
        spec, classes, *((split.rows, _numbers(split, source, classes)) for split in splits)
    )[0]


def _numbers(split: Split, source: Source, classes: Sequence[str]) -> np.ndarray:
    """Return the number of each label among the network's classes."""
    places = {name: k for k, name in enumerate(classes)}
    names = class_names(split.labels, source.label_names)
    unknown = sorted(set(names) - set(classes))
    if unknown:
        raise InputError(f"DATA has the labels {unknown[:5]}; the network knows {list(classes)}")
    return np.array([places[n] for n in names], dtype=np.int64)
