"""Read a folder of images: which subfolders are splits, and which are classes."""

import os
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from imbtorch.data.images.files import image_suffixes
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows, Source, Split
from imbtorch.data.splits import NONE, SETTLE, USUAL, Reading, choose_splits, doubt, role_of
from imbtorch.errors import InputError


class Folder:
    """A folder as read: its images, how many other files it has, and its subfolders."""

    def __init__(self, path: Path, above: frozenset[Path] = frozenset()) -> None:
        self.path = path
        here = above | {path.resolve()}
        self.images: list[Path] = []
        self.folders: list[Folder] = []
        self.others = 0
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if entry.name.startswith((".", "__MACOSX")):
                continue
            if entry.is_dir():
                if Path(entry.path).resolve() not in here:  # not a link to a folder above
                    self.folders.append(Folder(Path(entry.path), here))
            elif Path(entry.name).suffix.lower() in image_suffixes():
                self.images.append(Path(entry.path))
            else:
                self.others += 1

    @property
    def name(self) -> str:
        """Name of the folder, composed: the same characters are the same name."""
        return unicodedata.normalize("NFC", self.path.name.strip())

    @cached_property
    def all_images(self) -> list[Path]:
        """The images of this folder and of all folders in it, ordered by path."""
        return sorted([*self.images, *(p for f in self.folders for p in f.all_images)])

    @cached_property
    def filled(self) -> "list[Folder]":
        """The subfolders that have an image at any depth."""
        return [folder for folder in self.folders if folder.all_images]

    def inner(self, in_split: bool = False) -> "Folder":
        """Return the folder that holds the classes: this one, unless it only wraps another.

        A folder with the name of a split is kept, but for one in a split's own folder.
        """
        filled = self.filled
        if self.images or len(filled) != 1 or not filled[0].filled or filled[0].images:
            return self
        wraps = in_split or not role_of(filled[0].name)
        return filled[0].inner(in_split) if wraps else self

    def walk(self) -> "Iterator[Folder]":
        """Yield this folder and all folders in it."""
        yield self
        for folder in self.folders:
            yield from folder.walk()


def read_image_folder(root: Folder, reading: Reading) -> Source:
    """Return the images of a folder, each labeled by the folder it lies in.

    Classes are the folders in DATA, or in its split folders (`choose_splits`). A folder is a
    split only if its images lie in folders of their own: a class may be called "train". Splits
    may also lie in each class folder. Folders in a class folder belong to the class.

    Parameters
    ----------
    root : Folder
        DATA.
    reading : Reading
        Its splits and image size.

    Raises
    ------
    InputError
        If it is doubtful which folders are splits.
    """
    reading.only("train_split", "test_split", "image_size", of="a folder of images")
    inner = root.inner()
    splits = _splits(inner, reading)
    train, tests = choose_splits([*splits], reading)
    unlabeled = [name for name in tests if not splits[name]]
    test = next((name for name in tests if splits[name]), None)
    used = {name: splits[name] for name in (train, test) if name is not None}
    names = sorted({name for classes in used.values() for name in classes})
    made = {name: _split(classes, names) for name, classes in used.items()}
    notes = [
        "images labeled by their folders, "
        + ("no split folders" if splits.keys() == {""} else f"training split {train!r}")
        + (f", held-out split {test!r}" if test else ", no held-out split")
    ]
    left_out = {
        f"split {name!r}": sum(map(len, classes.values()))
        for name, classes in splits.items()
        if name not in used and classes
    }
    placed = sum(len(p) for classes in splits.values() for p in classes.values())
    if unlabeled:
        notes.append(f"splits without class folders, so without labels: {', '.join(unlabeled)}")
    if outside := len(root.all_images) - placed:
        left_out["images outside class folders"] = outside
    if others := sum(folder.others for folder in root.walk()):
        notes.append(f"{others} files that are no images skipped")
    if empty := [f.name for f in inner.folders if not f.all_images]:
        notes.append(f"folders without an image skipped: {', '.join(empty[:8])}")
    return Source(
        made[train],
        None if test is None else made[test],
        "image",
        lambda rows: ImageInput.fit(rows.survey, reading.image_size),
        names,
        notes,
        left_out,
    )


Classes = dict[str, list[Path]]
"""Class -> its images."""


def _splits(inner: Folder, reading: Reading) -> dict[str, Classes]:
    """Return split -> class -> images; one split called "" if there are none."""
    folders = inner.filled
    nested = [f for f in folders if f.filled and not f.images]
    named = [f for f in nested if role_of(f.name)]
    if reading.train_split == NONE:
        return {"": _classes(folders)}
    inner_names = [{part.name for part in f.filled} for f in nested]
    if not named and reading.train_split is None:
        if len(nested) == len(folders) and _may_be_classes(inner_names):
            raise doubt(
                [f.name for f in folders],
                f"all have the folders {', '.join(sorted(inner_names[0])[:4])}, which may be the "
                "classes, or parts of them",
            )
        return _splits_in_classes(folders) or {"": _classes(folders)}
    if reading.train_split is None:
        roles = {role_of(f.name) for f in named}
        classes_in = {part.name for f in named for part in f.inner(in_split=True).filled}
        for f, parts in zip(nested, inner_names, strict=True):
            known = parts & classes_in if len(roles) > 1 else set()
            if not role_of(f.name) and not known:
                raise doubt([f.name for f in folders], f"{f.name!r} may be a split or a class")
    classes = [f.name for f in folders if f not in nested and not role_of(f.name)]
    if classes and reading.train_split is None:
        mixed = ", ".join(map(repr, classes))
        raise doubt([f.name for f in named], f"beside them are folders of images ({mixed})")
    return {f.name: _classes(f.inner(in_split=True).filled) for f in folders}


def _may_be_classes(inner_names: list[set[str]]) -> bool:
    """Whether several folders have the same folders in them, and these are not named as splits."""
    first = inner_names[0] if len(inner_names) > 1 else set()
    return (
        len(first) > 1
        and all(names == first for names in inner_names)
        and not any(map(role_of, first))
    )


def _splits_in_classes(folders: list[Folder]) -> dict[str, Classes] | None:
    """Return the splits where each class folder has its own, or None if there are none."""
    if all(folder.name.lower() in USUAL for folder in folders):
        found = ", ".join(repr(folder.name) for folder in folders)
        raise InputError(
            f"DATA has the folders {found}, which are named as splits, but hold images and no "
            "class folders: if they are classes, say --train-split none; unlabeled images cannot "
            "be used"
        )
    inner = [part for folder in folders for part in folder.filled]
    roles = [role_of(part.name) for part in inner]
    if not any(roles):
        return None
    if not all(roles) or any(folder.images for folder in folders):
        raise InputError(
            f"DATA has folders in its class folders, some named as splits "
            f"({inner[[*map(bool, roles)].index(True)].path}), some not: {SETTLE}"
        )
    splits: dict[str, Classes] = {}
    for folder in folders:
        for part in folder.filled:
            splits.setdefault(part.name, {}).setdefault(folder.name, []).extend(part.all_images)
    return splits


def _classes(folders: list[Folder]) -> Classes:
    classes: Classes = {}
    for folder in folders:
        classes.setdefault(folder.name, []).extend(folder.all_images)
    return classes


def _split(classes: Classes, names: list[str]) -> Split:
    numbers = {name: k for k, name in enumerate(names)}
    paths = [(str(p), numbers[name]) for name in sorted(classes) for p in classes[name]]
    rows = np.array([{"bytes": None, "path": path} for path, _ in paths], dtype=object)
    return Split(Rows(rows), np.array([k for _, k in paths], dtype=np.int64))
