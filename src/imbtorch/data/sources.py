"""Sources: a name, a path or a hub name -> stored rows and their labels, not yet tensors."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from imbtorch.data.back_rotation import back_rotation
from imbtorch.data.inputs import FeatureInput, ImageInput
from imbtorch.data.rows import Rows, Source, Split, keep_tested
from imbtorch.data.tables import load_hub, load_local, read_table
from imbtorch.errors import InputError
from imbtorch.files import read_npz

FOLDERS = {"reuters": "reuters_r52", "twitter": "twitter_pos"}
"""Built-in data sets that lie in a folder of their own, see `built_in_folder`."""
ON_HUB = {
    "mnist": ("ylecun/mnist", None),
    "cifar10": ("uoft-cs/cifar10", None),
    "cifar100": ("uoft-cs/cifar100", None),
    "svhn": ("ufldl-stanford/svhn", "cropped_digits"),
    "stl10": ("tanganke/stl10", None),
}
"""Short names of data sets on the hub -> path and configuration there. A folder of that name
beside the built-in ones, where there is one, spares the download."""
REUTERS_MIN_TEST = 5
"""Test documents that a class of Reuters R52 must have (AMO, section 3.3): 36 classes do."""


def open_source(data: str, label: str | None = None, image_size: int | None = None) -> Source:
    """Open DATA: ``digits``, an ``.npz``, a file or folder, or a hub name.

    Parameters
    ----------
    data : str
        ``digits`` (scikit-learn's); a path to an ``.npz`` with ``features`` and ``labels`` (or
        ``train_features``, ``train_labels``, ``test_features``, ``test_labels``), to a CSV or
        Parquet file or to any folder Hugging Face ``datasets`` opens; the name of a data set
        on its hub; ``reuters`` or ``twitter``, which lie in the folders ``reuters_r52`` and
        ``twitter_pos`` (see `built_in_folder`) and may be given by path as well; ``mnist``,
        ``cifar10``, ``cifar100``, ``svhn`` and ``stl10``, from there where they are, else from
        the hub; ``mnist-back-rotation``, a reconstruction made of MNIST (see `back_rotation`).
    label : str, optional
        The label column, by default the first found of label, labels, fine_label, target,
        class, y; of tagged words tags.
    image_size : int, optional
        Height and width in pixels that images are brought to.

    Returns
    -------
    Source

    Notes
    -----
    Tagged words (columns ``tokens`` and ``tags``, one row a text) become one sample a word, in a
    window of three words; a tag that no held-out word has is left out (Twitter: M and Y). From
    a folder whose name begins with ``reuters`` the classes with fewer than 5 test documents are
    left out, as the AMO paper does.

    Raises
    ------
    InputError
        If nothing is found there, or it holds no label column.
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
    """Return where a built-in data set lies: below ``$IMBTORCH_DATA``, or ``../shared/data``."""
    path = data_folder() / FOLDERS[name]
    if not path.is_dir():
        raise InputError(
            f"DATA is {name!r}; its folder {str(path)!r} is absent: give the path, or set "
            f"IMBTORCH_DATA to the folder that holds {FOLDERS[name]}"
        )
    return path


def data_folder() -> Path:
    """Return where built-in data sets lie: ``$IMBTORCH_DATA``, or ``../shared/data``."""
    return Path(os.environ.get("IMBTORCH_DATA", "../shared/data")).expanduser()


@cache
def _back_rotation(_: Path) -> Source:
    """Make the set once a process: a table with many columns opens it for each."""
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
