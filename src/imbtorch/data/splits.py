"""Which stored split is the training set and which is held out, by their usual names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from imbtorch.errors import InputError

USUAL = {
    "train": "train",
    "training": "train",
    "trainset": "train",
    "traindata": "train",
    "test": "test",
    "testing": "test",
    "testset": "test",
    "testdata": "test",
    "val": "validation",
    "valset": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "eval": "validation",
    "evaluation": "validation",
}
"""Usual names of splits, in lower case -> the role of the split."""
ROLES = ("train", "test", "validation")
NONE = "none"
"""As --train-split: no folder is a split, each is a class. As --test-split: hold a part out."""
BY = ("group", "time")
"""What --test-split may say of a column, before a colon and its name: hold a part out by it."""
SETTLE = "name them with --train-split and --test-split (a name, or none)"


@dataclass(frozen=True)
class Reading:
    """How DATA is to be read, where the user says so.

    Parameters
    ----------
    label : str, optional
        Label column, by default the first that has a usual name.
    columns : tuple of str, optional
        Input columns, by default all that a network can take.
    train_split, test_split : str, optional
        Names of the splits, by default those with usual names; see `NONE`.
    image_size : int, optional
        Height and width in pixels to which images are resized.
    kind : str, optional
        What a stored network takes the columns of a table for: text, features or table.
    trained_label : str, optional
        The label column of a stored network's training data, which other data may lack.
    as_text : mapping of str to bool, optional
        What a stored network takes columns of a CSV for: texts, or numbers.
    """

    label: str | None = None
    columns: tuple[str, ...] = ()
    train_split: str | None = None
    test_split: str | None = None
    image_size: int | None = None
    kind: str | None = None
    trained_label: str | None = None
    as_text: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: str | Sequence[str] | None = None, **options: Any) -> "Reading":
        """Return a reading; `columns` are a list or separated by commas; the size is checked."""
        size = options.get("image_size")
        if size is not None and not (isinstance(size, int) and 1 <= size <= 4096):
            raise InputError(f"image_size is {size!r}; a number of pixels in 1..4096 is needed")
        if isinstance(columns, str):
            columns = [name.strip() for name in columns.split(",")] if columns else []
        names = () if columns is None else columns
        if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
            raise InputError(f"columns is {columns!r}; names, which are strings, are needed")
        return cls(columns=tuple(names), **options)

    def named_in(self, names: Sequence[str]) -> "Reading":
        """Return the same with columns as a table names them, maybe with blanks around."""
        bare = {name.strip(): name for name in reversed(names)} | {name: name for name in names}
        how, rest = self.by or ("", "")
        return replace(
            self,
            label=self.label and bare.get(self.label, self.label),
            columns=tuple(bare.get(name, name) for name in self.columns),
            test_split=f"{how}:{bare.get(rest, rest)}" if how else self.test_split,
        )

    @property
    def by(self) -> tuple[str, str] | None:
        """How a part is held out by a column: group or time, and what follows; or None."""
        how, colon, rest = (self.test_split or "").partition(":")
        return (how, rest) if colon and how in BY else None

    def only(self, *names: str, of: str) -> None:
        """Raise an InputError if the user names something that a kind of data does not have."""
        if self.by:
            raise InputError(
                f"test_split is {self.test_split!r}; {of} has no such column: a table (CSV, "
                "Parquet) of the samples can have one, such as the image files, the labels and it"
            )
        for name, value in asdict(self).items():
            if value and name not in (*names, "trained_label", "as_text"):
                raise InputError(f"{name} is {value!r}; {of} has no such choice: leave it out")


FREE = Reading()
"""Nothing is named: what is what is found out."""


def role_of(name: str) -> str | None:
    """Return the role that the name of a split has: train, test, validation, or None.

    A name may have other words around the usual one, in any case. Two roles in one name are none.

    Examples
    --------
    >>> [role_of(name) for name in ("Training", "TestImages", "dev-00000-of-00001", "part 1")]
    ['train', 'test', 'validation', None]
    """
    roles = {USUAL[word.lower()] for word in words_of(name) if word.lower() in USUAL}
    return roles.pop() if len(roles) == 1 else None


def words_of(name: str) -> list[str]:
    """Return the words of a name, also where capitals alone tell them apart.

    Examples
    --------
    >>> words_of("my_TestImages-2"), words_of("TESTING"), words_of("testSet")
    (['my', 'Test', 'Images'], ['TESTING'], ['test', 'Set'])
    """
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)


def choose_splits(names: Sequence[str], reading: Reading) -> tuple[str, list[str]]:
    """Choose the training split, and those to test on: the first of them that has labels is used.

    Parameters
    ----------
    names : sequence of str
        All stored splits, at least one.
    reading : Reading
        May name both.

    Returns
    -------
    train : str
        The training split. A single split is one, whatever its name.
    tests : list of str
        The test split, then the validation split, as far as they are stored.

    Raises
    ------
    InputError
        If it is doubtful which is which, or a split of that name is not stored.

    Examples
    --------
    >>> choose_splits(["Testing", "Training", "valid"], Reading())
    ('Training', ['Testing', 'valid'])
    """
    if len(names) == 1 and reading.train_split in (None, NONE, *names):
        train = names[0]
    elif reading.train_split not in (None, NONE):
        train = _named("train_split", str(reading.train_split), names)
    else:
        train = _only("train", names)
    others = [name for name in names if name != train]
    if reading.test_split == NONE or reading.by:
        return train, []
    if reading.test_split is not None:
        return train, [_named("test_split", reading.test_split, others)]
    if not others:
        return train, []
    tests = [name for name in others if role_of(name) == "test"]
    validations = [name for name in others if role_of(name) == "validation"]
    if len(tests) > 1:
        raise doubt(names, f"{_listed(tests)} may each be the test split")
    if not tests and len(validations) > 1:
        raise doubt(names, f"{_listed(validations)} may each be the held-out split")
    return train, [*tests, *validations]


def doubt(names: Iterable[str], reason: str) -> InputError:
    """Return the error for splits that may be read in more than one way."""
    return InputError(f"DATA has the splits {_listed(names)}; {reason}: {SETTLE}")


def _only(role: str, names: Sequence[str]) -> str:
    found = [name for name in names if role_of(name) == role]
    if len(found) != 1:
        several = f"{_listed(found)} may each be the training split"
        raise doubt(names, several if found else "none is named as the training split")
    return found[0]


def _named(argument: str, name: str, names: Sequence[str]) -> str:
    if name in names:
        return name
    found = [n for n in names if n.lower() == name.lower()]
    if len(found) == 1:
        return found[0]
    raise InputError(f"{argument} is {name!r}; DATA has the splits {_listed(names) or 'no other'}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
