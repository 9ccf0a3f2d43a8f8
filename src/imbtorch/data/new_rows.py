"""Rows without labels, for a network that is trained: opened, named, and read block by block."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from imbtorch.data.folders import Folder
from imbtorch.data.images.files import image_suffixes
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import IN_WORDS, FeatureInput, Input, as_text, stored_kind
from imbtorch.data.rows import Blocks, NewRows, sliced
from imbtorch.data.sources import NO_FILES, ON_HUB, open_source, path_of
from imbtorch.data.stored_arrays import are_images, as_images
from imbtorch.data.tables.files import Tables, open_tables, split_files, table_files
from imbtorch.data.tables.new_tables import rows_of_table
from imbtorch.data.tables.open_tables import open_hub
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.tables.written import UnreadableRows
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.data.texts.windows import WindowInput
from imbtorch.errors import InputError
from imbtorch.npz import npz_blocks, npz_headers


def open_new(data: str, spec: Input, split: str | None = None) -> NewRows:
    """Open DATA in the form a trained network takes; labels are neither needed nor read.

    Parameters
    ----------
    data : str
        A folder with images at any depth, or one image; a table (a file or a folder of them, or
        the name of a data set on the hub) that has the columns of the training, in any order; an
        ``.npz`` with ``features`` (N, ...); ``digits``.
    spec : ImageInput, TextInput, TokenInput, WindowInput or FeatureInput
        The input kind the network was trained on.
    split : str, optional
        The split to read, if several are stored; of an ``.npz``, ``test`` is ``test_features``.

    Returns
    -------
    NewRows

    Raises
    ------
    InputError
        If DATA cannot be opened or holds another kind of input, or it is doubtful which rows are
        meant.
    """
    if not data.strip():
        raise InputError("DATA is empty; a name, a path or a hub name is needed")
    path = path_of(data)
    if data in NO_FILES:
        source = open_source(data)
        values = (source.test or source.train).rows.values
        return _of_array(spec, len(values), values.shape, values.dtype, partial(sliced, values))
    if path.suffix == ".npz" and path.is_file():
        return _of_npz(path, spec, split)
    if isinstance(spec, ImageInput) and path.exists():
        images = _of_images(path)
        if images is not None and split is not None:
            raise InputError(f"split is {split!r}; a folder of images is read as a whole")
        if images is not None:
            return images
    tables, folders = _tables(data, path, spec)
    name = _chosen([*tables], split)
    rows = rows_of_table(tables[name], spec, folders.get(name, Path()), name)
    if not path.is_dir() or not folders or isinstance(spec, WindowInput):
        return rows
    return replace(rows, files=_counted(path, split_files(path)[name], spec))


def _counted(folder: Path, files: Sequence[Path], spec: Input) -> list[tuple[str, int]]:
    """Return the names of several tables and how many rows each has."""
    found = []
    for file in files if len(files) > 1 else []:
        rows = 0
        with suppress(InputError):  # it holds no rows
            (table,) = open_tables(file, as_text(spec))[0].values()
            rows = len(table)
        found.append((str(file.relative_to(folder)), rows))
    return found


def usable(spec: Input, values: Any, first: int = 0) -> tuple[list[Tensor], dict[int, str]]:
    """Return the tensors of all rows that can be read, and why the others cannot.

    Parameters
    ----------
    spec : Input
        How rows become tensors.
    values : sequence
        A block of rows.
    first : int, default=0
        Number of its first row.

    Returns
    -------
    tensors : list of Tensor
        Together one row for each that can be read, in order.
    faults : dict of int to str
        Place in the block -> why it cannot be read.

    Examples
    --------
    >>> from imbtorch.data.inputs import FeatureInput
    >>> usable(FeatureInput((1,)), np.array([[1.0], [np.nan], [3.0]]))[1].keys()
    dict_keys([1])
    """
    if isinstance(spec, TokenInput):  # any text has tokens; parts would be of different lengths
        return [spec.transform(values)], {}
    faults: dict[int, str] = {}
    if isinstance(spec, TableInput):
        return _of_table(spec, values)

    def read(start: int, stop: int) -> list[Tensor]:
        part = values[start:stop]
        try:
            if isinstance(spec, ImageInput):
                return [spec.transform(part, first + start)]
            return [spec.transform(part)]
        except InputError as error:
            if stop - start == 1:
                faults[start] = str(error)
                return []
        middle = (start + stop) // 2
        return [*read(start, middle), *read(middle, stop)]

    return read(0, len(values)), faults


def _of_table(spec: TableInput, rows: Any) -> tuple[list[Tensor], dict[int, str]]:
    """Return the same for a table, whose columns say which rows they cannot be read in."""
    faults: dict[int, str] = {}
    places = np.arange(len(rows))
    while len(places):
        try:
            return [spec.transform(rows[places])], faults
        except UnreadableRows as error:
            faults |= {int(places[i]): why for i, why in error.reasons.items()}
            places = np.delete(places, [*error.reasons])
    return [], faults


def _of_images(path: Path) -> NewRows | None:
    """Return the image, or all images in a folder; None if there is none."""
    if path.is_file():
        files = [path] if path.suffix.lower() in image_suffixes() else []
        root, others = path.parent, 0
    else:
        folder = Folder(path)
        files, root = folder.all_images, path
        others = sum(part.others for part in folder.walk())
    if not files:
        return None
    notes = (f"{others} files that are no images skipped",) if others else ()
    rows = np.array([{"bytes": None, "path": str(file)} for file in files], dtype=object)
    paths = [str(file.relative_to(root)) for file in files]
    return NewRows(len(files), partial(sliced, rows), paths, notes)


def _of_npz(path: Path, spec: Input, split: str | None) -> NewRows:
    stored = npz_headers(path, "DATA")
    found = {
        name[: -len("features")].strip("_"): name
        for name in stored
        if name.endswith("features") and stored[name].shape
    }
    if not found:
        raise InputError(f"DATA holds the arrays {', '.join(stored) or 'none'}; features is needed")
    name = found[_chosen([*found], split)]
    array = stored[name]
    if len(array.shape) < 2:
        raise InputError(f"DATA holds {name} of shape {array.shape}; (N, ...) is needed")
    blocks = partial(npz_blocks, path, "DATA", name)
    return _of_array(spec, array.shape[0], array.shape, array.dtype, blocks)


def _of_array(spec: Input, total: int, shape: Any, dtype: Any, blocks: Blocks) -> NewRows:
    first = np.empty((0, *shape[1:]), dtype)
    kind = "image" if are_images(first) else "features"
    _check(kind, spec)
    if total == 0:
        raise InputError("DATA holds no rows")
    if isinstance(spec, ImageInput):
        as_images(first)  # refused before the work
        return NewRows(total, lambda rows: map(as_images, blocks(rows)))
    assert isinstance(spec, FeatureInput)
    spec.check(first)
    named = ("columns are taken in the order of the training",) if spec.columns else ()
    return NewRows(total, blocks, None, named)


def _tables(data: str, path: Path, spec: Input) -> tuple[Tables, dict[str, Path]]:
    if path.is_dir() and not table_files(path) and Folder(path).all_images:
        _check("image", spec)
    if path.exists():
        return open_tables(path, as_text(spec))
    if data.startswith((".", "/", "~")) or path.suffix or data.count("/") > 1:
        raise InputError(f"DATA is {data!r}; there is no such file or folder")
    return open_hub(*ON_HUB.get(data, (data, None))), {}


def _chosen(names: Sequence[str], split: str | None) -> str:
    """Return the one split, or the one that is named."""
    if split in names or (split is None and len(names) == 1):
        return names[0] if split is None else split
    shown = ", ".join(repr(name) for name in names)
    if split is None:
        raise InputError(f"DATA has the splits {shown}: name the one to predict with --split")
    raise InputError(f"split is {split!r}; DATA has {shown}")


def _check(kind: str, spec: Input) -> None:
    """Raise an InputError unless DATA holds what becomes this kind of input."""
    if kind != stored_kind(spec):
        raise InputError(
            f"the network takes {IN_WORDS[stored_kind(spec)]}; DATA holds {IN_WORDS[kind]}"
        )
