"""The rows of a table without labels, as a trained network takes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.data.images.files import is_stored_image
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import IN_WORDS, Input, stored_kind
from imbtorch.data.rows import NewRows, sliced
from imbtorch.data.tables.column_roles import OTHER_LABELS, role_of_column, seen_strings
from imbtorch.data.tables.input_columns import IMAGE, Columns
from imbtorch.data.tables.open_tables import stored_rows
from imbtorch.data.texts.windows import WindowInput, windows
from imbtorch.errors import InputError
from imbtorch.extras import extra


def rows_of_table(table: Any, spec: Input, folder: Path, split: str) -> NewRows:
    """Return the rows of a table: the columns of the training, whatever stands beside them.

    Parameters
    ----------
    table : datasets.Dataset
        Opened, not in memory.
    spec : Input
        How its rows become tensors.
    folder : Path
        Where the names of image files begin.
    split : str
        Name of the table in errors.
    """
    if isinstance(spec, ImageInput):
        return _images(table, folder)
    if isinstance(spec, WindowInput):
        if "tokens" not in table.column_names:
            raise InputError("DATA has no column 'tokens' of the words of each text")
        words = [window for text in table["tokens"] for window in windows(text)]
        values = np.array(words, dtype=object).reshape(len(words), -1)
        note = "a row of the output is a word, numbered over all texts"
        return NewRows(len(words), lambda rows: sliced(values, rows), None, (note,))
    columns = Columns(stored_kind(spec), spec.columns or _only_column(table, spec))

    def blocks(rows: int) -> Iterator[Any]:
        for first in range(0, len(table), rows):
            part = table.select(range(first, min(first + rows, len(table))))
            yield stored_rows(part, columns, folder, split, []).values

    return NewRows(len(table), blocks, None, (columns.notes()[0],))


def _only_column(table: Any, spec: Input) -> tuple[str, ...]:
    """Return the one column there is, for a network whose columns have no names."""
    names = [name for name in table.column_names if name.lower() not in OTHER_LABELS]
    if len(names) != 1:
        kind = IN_WORDS[stored_kind(spec)]
        raise InputError(
            f"the network was trained on {kind} without names of columns; DATA has the columns "
            f"{', '.join(names)}: give an .npz of features, or a table of one column"
        )
    return (names[0],)


def _images(table: Any, folder: Path) -> NewRows:
    """Return the images of the one column of them: stored in it, or files that it names."""
    with extra("cli", "DATA"):
        from datasets import Image

    seen = seen_strings(table)
    found = [
        name
        for name, feature in table.features.items()
        if role_of_column(name, feature, seen[name], False) == "image"
    ]
    if len(found) > 1:
        found = [name for name in found if IMAGE.fullmatch(name.strip())] or found
    if not found:
        raise InputError(
            "the network takes images; DATA has the columns "
            f"{', '.join(table.column_names)}, and none of them holds images or names of files"
        )
    if len(found) > 1:
        raise InputError(
            f"DATA has {len(found)} columns of images ({', '.join(found)}) among "
            f"{', '.join(table.column_names)}; the network takes one"
        )
    (name,) = found
    notes = (f"input, images: {name}",)
    if isinstance(table.features[name], Image) or is_stored_image(table.features[name]):
        stored = table.cast_column(name, Image(decode=False))
        return NewRows(
            len(table),
            lambda rows: (stored[i : i + rows][name] for i in range(0, len(stored), rows)),
            None,
            notes,
        )
    paths = [str(path or "") for path in table[name][:]]
    files = [{"bytes": None, "path": path and str(folder / path)} for path in paths]
    values = np.array(files, dtype=object)
    return NewRows(len(table), lambda rows: sliced(values, rows), paths, notes)
