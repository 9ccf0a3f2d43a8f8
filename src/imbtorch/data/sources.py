"""Open a DATA argument (a name, a path or a hub name) as stored rows with their labels."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from imbtorch.data.back_rotation import back_rotation
from imbtorch.data.inputs import FeatureInput, ImageInput
from imbtorch.data.rows import Rows, Source, Split, keep_tested
from imbtorch.data.tables import load_hub, load_local, read_table
from imbtorch.errors import InputError
from imbtorch.npz import read_npz

FOLDERS = {"reuters": "reuters_r52", "twitter": "twitter_pos"}
"""Built-in data sets -> the folder that holds each one, see `built_in_folder`."""
ON_HUB = {
    "mnist": ("ylecun/mnist", None),
    "cifar10": ("uoft-cs/cifar10", None),
    "cifar100": ("uoft-cs/cifar100", None),
    "svhn": ("ufldl-stanford/svhn", "cropped_digits"),
    "stl10": ("tanganke/stl10", None),
}
"""Short names of data sets on the hub -> path and configuration there. If the data folder holds a
folder of that name, it is used instead of a download."""
REUTERS_MIN_TEST = 5
"""Test documents that a class of Reuters R52 needs (AMO, section 3.3); 36 classes have them."""


def open_source(data: str, label: str | None = None, image_size: int | None = None) -> Source:
    """Open DATA: ``digits``, an ``.npz``, a file or folder, or a hub name.

    Parameters
    ----------
    data : str
        ``digits`` (scikit-learn's); a path to an ``.npz`` with ``features`` and ``labels`` (or
        ``train_features``, ``train_labels``, ``test_features``, ``test_labels``), to a CSV or
        Parquet file or to any folder that Hugging Face ``datasets`` can open; the name of a data
        set on its hub; ``reuters`` or ``twitter``, stored in the folders ``reuters_r52`` and
        ``twitter_pos`` (see `built_in_folder`), which may also be given by path; ``mnist``,
        ``cifar10``, ``cifar100``, ``svhn`` and ``stl10``, from the same place if they are there,
        else from the hub; ``mnist-back-rotation``, reconstructed from MNIST (see
        `back_rotation`).
    label : str, optional
        The label column, by default the first found of label, labels, fine_label, target,
        class, y; tags for tagged words.
    image_size : int, optional
        Height and width in pixels to which images are resized.

    Returns
    -------
    Source

    Notes
    -----
    Tagged words (columns ``tokens`` and ``tags``, one row per text) become one sample per word,
    in a window of three words; a tag that no held-out word has is left out (Twitter: M and Y).
    If the name of the folder begins with ``reuters``, classes with fewer than 5 test documents
    are left out, as in the AMO paper.

    Raises
    ------
    InputError
        If no data are found, or they have no label column.
    """
    path = Path(data).expanduser()
    if data == "digits":
        return _digits()
    if data == "mnist-back-rotation":
        return _back_rotation(data_folder())
    if data in FOLDERS:
        path = built_in_folder(data)
    if data in ON_HUB and not path.exists():
        path = data_folder() / data
    if path.suffix == ".npz" and path.is_file():
        return _npz(path, image_size)
    if path.exists():
        source = read_table(load_local(path), data, label, image_size)
        if path.resolve().name.startswith("reuters"):
            return keep_tested(source, REUTERS_MIN_TEST)
        return source
    if data.startswith((".", "/", "~")) or path.suffix or data.count("/") > 1:
        raise InputError(f"DATA is {data!r}; there is no such file or folder")
    return read_table(load_hub(*ON_HUB.get(data, (data, None))), data, label, image_size)


def built_in_folder(name: str) -> Path:
    """Return the folder of a built-in data set: in ``$IMBTORCH_DATA``, or ``../shared/data``."""
    path = data_folder() / FOLDERS[name]
    if not path.is_dir():
        raise InputError(
            f"DATA is {name!r}; its folder {str(path)!r} is missing: give the path, or set "
            f"IMBTORCH_DATA to the folder that holds {FOLDERS[name]}"
        )
    return path


def data_folder() -> Path:
    """Return the folder of all built-in data sets: ``$IMBTORCH_DATA``, or ``../shared/data``."""
    return Path(os.environ.get("IMBTORCH_DATA", "../shared/data")).expanduser()


@cache
def _back_rotation(_: Path) -> Source:
    """Make the data set once per process: a table with many columns opens it for each column."""
    return back_rotation(open_source("mnist"))


def _digits() -> Source:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images * (255 / 16)).round().astype(np.uint8)
    return Source(Split(Rows(images), bunch.target), None, lambda rows: ImageInput((8, 8), 1))


def _npz(path: Path, image_size: int | None) -> Source:
    arrays = read_npz(path, "DATA")

    def split(prefix: str) -> Split | None:
        x, y = arrays.get(f"{prefix}features"), arrays.get(f"{prefix}labels")
        if x is None or y is None:
            return None
        if len(x) != len(y):
            raise InputError(f"{path}: {prefix}features has {len(x)} rows, {prefix}labels {len(y)}")
        return Split(Rows(x), y)

    train = split("train_") or split("")
    if train is None:
        raise InputError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'}; features and labels (or "
            "train_features, train_labels, test_features, test_labels) are needed"
        )
    if train.rows.values.dtype == np.uint8 and train.rows.values.ndim in (3, 4):
        return Source(train, split("test_"), lambda rows: ImageInput.fit(rows, image_size))
    return Source(train, split("test_"), lambda rows: FeatureInput.fit(rows.values))
