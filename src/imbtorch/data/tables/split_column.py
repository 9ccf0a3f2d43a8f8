"""A column of a table that says which split each row belongs to."""

from typing import Any

from imbtorch.data.splits import Reading, doubt, role_of
from imbtorch.data.tables.written import BLANK
from imbtorch.errors import InputError

NAMES = ("split", "subset", "partition", "set", "fold", "usage", "dataset", "sample", "phase")
"""Names of columns that say the split of a row."""
FLAGS = ("is_test", "is_train", "is_valid", "is_val", "istest", "istrain", "train", "test")
"""Names of columns of numbers that say whether a row belongs to a split."""
MOST = 10
"""Different values that such a column has at most."""


def split_by_column(
    tables: dict[str, Any], reading: Reading, label: str
) -> tuple[dict[str, Any], str | None, int]:
    """Split a table, the only one, by a column that says the split of each row, if it has one.

    Parameters
    ----------
    tables : dict
        Split -> `datasets.Dataset`.
    reading : Reading
        May name the splits, and so decide.
    label : str
        The label column, which is never one.

    Returns
    -------
    tables : dict
        Its splits, without that column; the same tables if there is none.
    column : str or None
        The column.
    without : int
        Rows without a value in it, which are in no split.

    Raises
    ------
    InputError
        If it is doubtful whether a column says the split.
    """
    (table,) = tables.values()
    for column, feature in table.features.items():
        if column == label or (reading.columns and column in reading.columns):
            continue
        dtype = str(getattr(feature, "dtype", ""))
        if column.lower() in FLAGS and dtype.startswith(("int", "bool", "uint")):
            raise InputError(
                f"column {column!r} may say which rows are held out: write a column 'split' of "
                "'train' and 'test', or name the inputs with --columns"
            )
        if dtype in ("string", "large_string") and _says_splits(table, column, reading):
            rows: dict[str, list[int]] = {}
            for i, value in enumerate(table[column]):
                rows.setdefault(_split_of(value), []).append(i)
            without = len(rows.pop("", []))
            parts = {v: table.select(r).remove_columns(column) for v, r in rows.items()}
            return parts, column, without
    return tables, None, 0


def _split_of(value: Any) -> str:
    """Return the split that a cell names, empty if it names none."""
    name = "" if value is None else str(value).strip()
    return "" if name.lower() in BLANK else name


def _says_splits(table: Any, column: str, reading: Reading) -> bool:
    first = table.select(range(min(200, len(table)))).unique(column)
    if len(first) > MOST:
        return False
    values = [name for name in map(_split_of, table.unique(column)) if name]
    if len(values) > MOST or len(values) < 2:
        return False
    if reading.train_split in values:
        return True
    roles = [role_of(value) for value in values]
    if "train" not in roles:
        return False
    if all(roles):
        return True
    if column.lower() in NAMES:
        raise doubt(values, f"they stand in the column {column!r}, and some are unusual")
    return False
