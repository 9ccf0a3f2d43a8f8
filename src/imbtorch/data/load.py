"""Load a DATA argument as training and test sets that a network can take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from os import PathLike

import numpy as np

from imbtorch.data.arrays import Pairs, class_counts
from imbtorch.data.division import Division
from imbtorch.data.fold import Fold
from imbtorch.data.hold_out import divided
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.images.mapped import MappedImages
from imbtorch.data.inputs import Input
from imbtorch.data.labels import encode_labels
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Rows
from imbtorch.data.sources import name_of
from imbtorch.data.splits import Reading
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.takes import input_for, notes_on_texts, open_for
from imbtorch.data.tensors import datasets_of
from imbtorch.data.texts.tokens import TokenInput


class Part(StrEnum):
    """A part of the training set (and of the test set) to use instead of the whole."""

    VALIDATION = "validation"
    """Four fifths of the training set to train on, the last fifth to test on."""
    DECISION = "without a validation split"
    """Four fifths of the training set to train on, the last fifth to choose a decision on."""
    FEW = "few of each class"
    """A few samples of each class of both sets, to check that something runs."""
    FIRST_LOOK = "first look"
    """Some thousands of both sets at most; images are small."""


@dataclass(frozen=True)
class LoadedData:
    """Training and test set, with everything that later steps need to know about them.

    Attributes
    ----------
    name : str
        The DATA argument.
    train, test : Dataset
        Yield (x, y), y in 0..K-1.
    classes : tuple of str
        Names of the K classes.
    input : ImageInput, TextInput, WindowInput, FeatureInput or TableInput
        How stored rows become tensors.
    profile : Profile
        How imbalanced the training set was made, or already is.
    notes : tuple of str
        Decisions made while loading, for the user to read.
    digest : str
        Hash of all tensors and labels of the whole data: 16 hexadecimal digits.
    parts : tuple of Part
        The parts taken, each from the one before; empty for the whole data.
    left_out : dict
        Why samples are in neither set -> how many.
    gray : bool
        Whether all training images are stored in gray, also if they are read as color.
    test_rows : Rows, optional
        The rows of the test set as they are stored, to be shown; None if they are not at hand.
    division : Division, optional
        How the training set may be divided: what belongs together, and what is later.
    test_split : str, optional
        The column by which the test set was held out, as in ``group:patient``.
    leaked : int
        Samples of a stored test set that are also in the training set.
    fold : Fold, optional
        Which of the folds of the data the test set is.
    validation : Dataset, optional
        Samples held out of the training set on which a decision is chosen.
    seen : tuple of str
        Fingerprints of training samples, where `train` holds their embeddings.
    label : str, optional
        The column of the labels, of a table.
    whole : bool
        Whether `digest` is of all values, and not of a few samples.
    """

    name: str
    train: Pairs
    test: Pairs
    classes: tuple[str, ...]
    input: Input
    profile: Profile
    notes: tuple[str, ...]
    digest: str
    parts: tuple[Part, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    gray: bool = False
    test_rows: Rows | None = field(default=None, compare=False)
    division: Division | None = field(default=None, compare=False)
    test_split: str | None = None
    leaked: int = 0
    fold: Fold | None = field(default=None, compare=False)
    validation: Pairs | None = None
    seen: tuple[str, ...] = ()
    label: str | None = None
    whole: bool = True

    @property
    def counts(self) -> list[int]:
        """Training samples of each class."""
        return class_counts(self.train, len(self.classes))

    @property
    def splits(self) -> dict[str, Pairs]:
        """The training and the test set, and the validation split if there is one."""
        more = {} if self.validation is None else {"validation": self.validation}
        return {"train": self.train, "test": self.test, **more}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input; of tokens, the most that the network takes."""
        if isinstance(self.input, TokenInput):
            return (self.input.max_length,)
        return tuple(self.train[0][0].shape)

    def part(self, part: Part, train: Pairs, test: Pairs) -> "LoadedData":
        """Return the same data with a part of each set in its place."""
        parts = (*self.parts, part)
        return replace(
            self,
            train=train,
            test=test,
            parts=parts,
            test_rows=None,
            validation=None,
            division=None,
        )


def load_data(
    data: str | PathLike[str],
    *,
    profile: str = "auto",
    ratio: float = 100.0,
    data_seed: int = 0,
    label: str | None = None,
    columns: str | Sequence[str] | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    image_size: int | None = None,
    takes: ImageInput | TokenInput | None = None,
) -> LoadedData:
    """Open DATA, make it imbalanced if requested, and convert it to tensors.

    Parameters
    ----------
    data : str or path
        See `imbtorch.data.sources.open_source`.
    profile : str, default="auto"
        Imbalance to make in the training set: auto, none, exponential, step, step:MU (MU is the
        fraction of minority classes), linear, random:P (four classes lose the fraction P) or
        gaussian:P (all classes together lose the fraction P). auto leaves imbalanced data as it
        is and makes a balanced benchmark (largest class less than twice the smallest, which has
        enough samples for the ratio) exponential.
    ratio : float, default=100
        Imbalance ratio of the profile.
    data_seed : int, default=0
        Decides which samples stay and, if no held-out split is stored, which are held out (every
        fourth, stratified; copies of a sample, byte for byte, stay together).
    label : str, optional
        Label column, by default the first of label, labels, fine_label, target, class, y that is
        found, in any case.
    columns : str or sequence of str, optional
        Input columns, a list or separated by commas, by default those that `find_columns` finds.
    train_split, test_split : str, optional
        Names of the splits, by default those with usual names, see `choose_splits`. ``none`` as
        the training split: no folder is a split; as the test split: hold a quarter out. As the
        test split also ``group:COLUMN``: hold out a quarter of the samples, no group divided; and
        ``time:COLUMN`` or ``time:COLUMN:DATE``: the latest quarter, or those from a date on.
    image_size : int, optional
        Height and width in pixels to which images are brought, by default those of `takes`, or
        what `imbtorch.data.images.framing.usual_size` finds.
    takes : ImageInput or TokenInput, optional
        The inputs that the network takes; without, what fits the data.

    Returns
    -------
    LoadedData

    Raises
    ------
    InputError
        If the data cannot be opened, hold what the network does not take, only one class, NaN or
        unreadable images, it is doubtful what is what in them, the training set has no sample of
        a class, or the ratio would leave a class empty.

    Examples
    --------
    >>> data = load_data("digits", ratio=20)
    >>> data.counts
    [131, 93, 67, 48, 34, 24, 17, 12, 9, 6]
    """
    data, asked = name_of(data), Profile.parse(profile, ratio)
    reading = Reading.of(
        label=label,
        columns=columns,
        train_split=train_split,
        test_split=test_split,
        image_size=image_size,
    )
    source = open_for(data, reading, takes)
    train, test, division, leaked = divided(source, data_seed)
    labels = encode_labels(train.labels, test.labels, source.label_names)
    classes, train_y, test_y = labels.classes, labels.train, labels.test
    made = asked.settled(np.bincount(train_y))
    keep = made.rows(train_y, len(classes), data_seed)
    left_out = {**source.left_out, f"profile {made.label}": len(train_y) - len(keep)}
    train, train_y, division = train.take(keep), train_y[keep], division.take(keep)
    made = made.measured(np.bincount(train_y))
    spec = input_for(source, train.rows, takes, image_size)
    notes = [*source.notes, *labels.notes]
    if isinstance(spec, ImageInput):
        notes += train.rows.survey.notes(spec)
        if spec.channels == 1 and test.rows.survey.channels == 3:
            notes.append("held-out images in color are read as gray, as those in training")
    (train_set, test_set), digest = datasets_of(
        spec, classes, (train.rows, train_y), (test.rows, test_y)
    )
    if isinstance(train_set, MappedImages):
        notes.append(f"decoded images are kept in {train_set.files[0].parent} ($IMBTORCH_CACHE)")
    notes += notes_on_texts(spec, train_set, test_set)
    if isinstance(spec, TableInput):
        notes += [*spec.notes(train.rows.values), *spec.unseen(test.rows.values)]
    return LoadedData(
        data,
        train_set,
        test_set,
        classes,
        spec,
        made,
        tuple(notes),
        digest,
        left_out={reason: n for reason, n in left_out.items() if n},
        gray=isinstance(spec, ImageInput) and train.rows.survey.channels == 1,
        test_rows=test.rows,
        division=division,
        test_split=test_split if reading.by else None,
        leaked=leaked,
        label=source.label,
    )
