"""Which stored rows are copies of each other, byte for byte."""

import hashlib
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.images.decode import stored_bytes
from imbtorch.data.rows import Rows, Split
from imbtorch.errors import InputError
from imbtorch.extras import extra

Numbers = NDArray[np.int64]


def copies(*parts: Rows) -> list[Numbers]:
    """Return a number for each row, the same for rows that hold the same bytes.

    Image files are compared as they are stored. A row that cannot be read is a copy of none.

    Parameters
    ----------
    *parts : Rows
        Of one kind; a row may have copies in another part.

    Returns
    -------
    list of ndarray of int64
        One for each part: the place of the first row with the same content, counted over all parts.

    Examples
    --------
    >>> copies(Rows(np.array([[1, 2], [3, 4], [1, 2]])), Rows(np.array([[3, 4], [5, 6]])))
    [array([0, 1, 0]), array([1, 4])]
    """
    sizes = _sizes(parts)
    first: dict[Hashable, int] = {}
    numbers, place = [], 0
    for part in parts:
        keys = _keys(part, sizes, place)
        numbers.append(
            np.array([first.setdefault(k, place + i) for i, k in enumerate(keys)], np.int64)
        )
        place += len(part)
    return numbers


def _keys(part: Rows, sizes: Counter[int], place: int) -> list[Hashable]:
    values = part.values
    if getattr(getattr(values, "dtype", None), "names", None):  # a table: row by row is slow
        with extra("cli", "DATA"):
            from pandas import DataFrame
            from pandas.util import hash_pandas_object

        table = DataFrame(values)
        for name in table.columns:  # of whole numbers, an empty cell in another part makes floats
            if table[name].dtype.kind in "iubf":
                exact = table[name].astype("float64")
                table[name] = table[name] if exact.abs().max() >= 2**53 else exact
        return list(hash_pandas_object(table, index=False).tolist())
    return [_key(part[i], i, sizes, place) for i in range(len(part))]


def _key(row: Any, index: int, sizes: Counter[int], place: int) -> Hashable:
    if isinstance(row, str):
        return row
    if isinstance(row, dict):
        size = _size(row)
        if size is None or sizes[size] < 2:
            return place + index, None
        try:
            return _digest(stored_bytes(row, index))
        except InputError:
            return place + index, None
    if isinstance(row, np.ndarray):
        return _digest(np.ascontiguousarray(row).tobytes())
    return repr(row)


def _sizes(parts: tuple[Rows, ...]) -> Counter[int]:
    """Count the images of each size in bytes: one that has its size for itself is not read."""
    images = (
        part[i]
        for part in parts
        if len(part) and isinstance(part[0], dict)
        for i in range(len(part))
    )
    return Counter(size for size in map(_size, images) if size is not None)


def _size(row: Any) -> int | None:
    """Return the size of a stored image in bytes, or None if there is none."""
    try:
        if row["bytes"]:
            return len(row["bytes"])
        return Path(row["path"]).stat().st_size if row["path"] else None
    except (OSError, TypeError):
        return None


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


COARSE = ("features", "table")
"""Kinds of rows of which equal ones need not be copies: their columns may have few values."""


def copies_in(kind: str, *splits: Split) -> list[Numbers]:
    """Return a number for each sample, the same for copies of one sample, see `copies`.

    Rows of numbers are no copies if most of those with an equal one occur with several labels:
    then the columns have so few values that different samples are equal. Windows of words are
    none: other texts have the same.
    """
    sizes = [len(split.labels) for split in splits]
    alone = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    if kind == "windows":
        return alone
    numbers = copies(*(split.rows for split in splits))
    labels = np.concatenate([split.labels for split in splits])
    chance = kind in COARSE and _by_chance(np.concatenate(numbers), labels)
    return alone if chance else numbers


def kept_together(numbers: Numbers, labels: NDArray[np.generic]) -> Numbers:
    """Return a number for each sample, the same for copies that a division keeps together.

    Those have one label: a copy with another one is a contradiction, which helps nobody. The
    samples of a class that are all copies of one are not kept together: it could not be divided.

    Examples
    --------
    >>> kept_together(np.array([0, 0, 2, 2, 2]), np.array([0, 0, 0, 1, 1]))
    array([0, 0, 2, 3, 4])
    """
    y = np.unique(labels, return_inverse=True)[1]
    pairs, first, unit = np.unique(
        np.stack([numbers, y]), axis=1, return_index=True, return_inverse=True
    )
    different = np.bincount(pairs[1])
    return np.where(different[y] > 1, first[unit.ravel()], np.arange(len(y)))


def _by_chance(numbers: Numbers, labels: NDArray[np.generic]) -> bool:
    """Whether most rows that have an equal one occur with several labels."""
    unit, counts = np.unique(numbers, return_inverse=True, return_counts=True)[1:]
    y = np.unique(labels, return_inverse=True)[1]
    pairs = np.unique(np.stack([unit, y]), axis=1)
    several = np.bincount(pairs[0]) > 1
    repeated = counts > 1
    return bool(2 * counts[repeated & several].sum() > counts[repeated].sum())
