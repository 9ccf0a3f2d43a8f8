"""Names of image files: in folders, and in the columns of tables."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.errors import InputError
from imbtorch.extras import extra


@cache
def image_suffixes() -> frozenset[str]:
    """Return the suffixes of all image files that can be read, in lower case."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    return frozenset(s for s, form in Image.registered_extensions().items() if form in Image.OPEN)


def are_image_files(values: Sequence[str]) -> bool:
    """Whether nearly all values are names of image files, by their suffixes."""
    found = sum(Path(value).suffix.lower() in image_suffixes() for value in values)
    return found > 0.9 * len(values)


def is_stored_image(feature: Any) -> bool:
    """Whether a column holds images as Hugging Face `datasets` stores them, but does not say so."""
    return isinstance(feature, dict) and {*feature} == {"bytes", "path"}


def image_rows(names: Sequence[str | None], folder: Path, column: str) -> np.ndarray:
    """Return the images of a column of file names as rows.

    Parameters
    ----------
    names : sequence of str
        File names, relative to `folder` or absolute.
    folder : Path
        The folder of the table.
    column : str
        Name of the column, for the error.

    Returns
    -------
    ndarray of dict, shape (N,)
        As Hugging Face `datasets` stores images.

    Raises
    ------
    InputError
        If a file is missing; the error says how many are, and where they were looked for.
    """
    paths = [folder / str(name or "") for name in names]
    missing = [str(n) for n, path in zip(names, paths, strict=True) if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} image files in the column {column!r} are missing, "
            f"such as {missing[0]!r}; they must be named relative to the table's folder, {folder}"
        )
    return np.array([{"bytes": None, "path": str(path)} for path in paths], dtype=object)
