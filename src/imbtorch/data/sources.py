"""Open a DATA argument (a name, a path or a hub name) as stored rows with their labels."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from imbtorch.data.back_rotation import back_rotation
from imbtorch.data.folders import Folder, read_image_folder
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows, Source, Split, keep_tested
from imbtorch.data.splits import FREE, NONE, Reading
from imbtorch.data.stored_arrays import read_arrays
from imbtorch.data.tables.files import open_tables, table_files
from imbtorch.data.tables.open_tables import open_hub, read_tables
from imbtorch.errors import InputError

NO_FILES = ("digits", "mnist-back-rotation")
"""Built-in data sets that are made, whatever files have their names."""
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


def open_source(data: str, reading: Reading = FREE) -> Source:
    """Open DATA: ``digits``, an ``.npz``, a file or folder, or a hub name.

    Parameters
    ----------
    data : str
        ``digits`` (scikit-learn's); a path to an ``.npz`` with ``features`` and ``labels`` (or
        ``train_features``, ``train_labels``, ``test_features``, ``test_labels``); to a CSV, TSV,
        Parquet, JSON or Arrow file, or a folder of them; to a folder of images in class folders;
        the name of a data set on the Hugging Face hub; ``reuters`` or ``twitter``, stored in the
        folders ``reuters_r52`` and ``twitter_pos`` (see `built_in_folder`), which may also be
        given by path; ``mnist``, ``cifar10``, ``cifar100``, ``svhn`` and ``stl10``, from the same
        place if they are there, else from the hub; ``mnist-back-rotation``, reconstructed from
        MNIST (see `back_rotation`).
    reading : Reading, optional
        Label column, input columns, splits and image size, where the user names them.

    Returns
    -------
    Source

    Notes
    -----
    Splits are found by their usual names (see `choose_splits`), columns by what they hold (see
    `find_columns`). Table columns of file names are images, named relative to the table.
    Tagged words (columns ``tokens`` and ``tags``, one row per text) become one sample per word,
    in a window of three words; a tag that no held-out word has is left out (Twitter: M and Y).
    If the name of the folder begins with ``reuters``, classes with fewer than 5 test documents
    are left out, as in the AMO paper.

    Raises
    ------
    InputError
        If no data are found, they have no label column, or it is doubtful what is what.
    """
    if not data.strip():
        raise InputError("DATA is empty; a name, a path or a hub name is needed")
    if data == "digits":
        reading.only(of=data)
        return _digits()
    if data == "mnist-back-rotation":
        reading.only(of=data)
        return _back_rotation(data_folder())
    path = path_of(data)
    if path.suffix == ".npz" and path.is_file():
        reading.only(
            "image_size", *(["test_split"] if reading.test_split == NONE else []), of="an .npz"
        )
        source = read_arrays(path, reading.image_size)
        if reading.test_split == NONE and source.test is not None:
            left_out = {**source.left_out, "the stored held-out split": len(source.test.labels)}
            return replace(source, test=None, left_out=left_out)
        return source
    if path.exists():
        source = _stored(path, reading)
        if path.resolve().name.startswith("reuters"):
            return keep_tested(source, REUTERS_MIN_TEST)
        return source
    if data.startswith((".", "/", "~")) or path.suffix or data.count("/") > 1:
        raise InputError(f"DATA is {data!r}; there is no such file or folder")
    return read_tables(open_hub(*ON_HUB.get(data, (data, None))), reading)


def name_of(data: object) -> str:
    """Return DATA as a string.

    Examples
    --------
    >>> name_of(Path("a") / "b.csv")
    'a/b.csv'
    >>> name_of(np.zeros((2, 2)))
    Traceback (most recent call last):
    imbtorch.errors.InputError: data is a ndarray; the name or path of stored data is needed: \
compare and fit take data at hand, such as a pair (X, y) of arrays
    """
    if not isinstance(data, (str, os.PathLike)):
        raise InputError(
            f"data is a {type(data).__name__}; the name or path of stored data is needed: compare "
            "and fit take data at hand, such as a pair (X, y) of arrays"
        )
    return os.fspath(data)


def path_of(data: str) -> Path:
    """Return the path that DATA is, or where the data set of that name would lie."""
    path = Path(data).expanduser()
    if data in FOLDERS:
        return built_in_folder(data)
    return data_folder() / data if data in ON_HUB and not path.exists() else path


def _stored(path: Path, reading: Reading) -> Source:
    """Read a file of a table, a folder of tables, or a folder of images in class folders."""
    if path.is_file():
        return _of_tables(path, reading)
    folder = Folder(path)
    tables, in_folders = table_files(path), any(f.all_images for f in folder.folders)
    if in_folders and not tables:
        return read_image_folder(folder, reading)
    if folder.images and not tables:
        raise InputError(
            f"DATA is the folder {str(path)!r}, which holds images but no class folders and no "
            "table of their labels"
        )
    try:
        source: Source | None = _of_tables(path, reading)
    except InputError:
        if not in_folders:
            raise
        source = None
    if source is None or (in_folders and source.kind != "image"):
        raise InputError(
            f"DATA is the folder {str(path)!r}, which holds folders of images and tables "
            f"({tables[0].relative_to(path)}): give the table, or the folder of the images alone"
        )
    return source


def _of_tables(path: Path, reading: Reading) -> Source:
    tables, folders = open_tables(path, reading.as_text)
    return read_tables(tables, reading, folders)


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
    return Source(
        Split(Rows(images), bunch.target), None, "image", lambda rows: ImageInput((8, 8), 1)
    )
