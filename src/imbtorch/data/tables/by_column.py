"""A column of a table by which a part of the rows is held out: a group, or a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.split_by import SplitBy
from imbtorch.data.splits import Reading
from imbtorch.data.tables.written import CODE, WHOLE, is_blank
from imbtorch.errors import InputError
from imbtorch.extras import extra


def split_by(table: Any, label: str, reading: Reading) -> tuple[SplitBy, NDArray[np.bool_]] | None:
    """Return what the column that test_split names says of each row, and which rows have a value.

    Parameters
    ----------
    table : datasets.Dataset
        The training split.
    label : str
        Its label column.
    reading : Reading
        May say ``group:COLUMN``, ``time:COLUMN`` or ``time:COLUMN:DATE``; if not, the result is
        None.

    Raises
    ------
    InputError
        If there is no such column, or its values are no times.
    """
    if reading.by is None:
        return None
    how, rest = reading.by
    dated = [name for name in table.column_names if rest.startswith(f"{name}:")]
    column = rest if rest in table.column_names else max(dated, key=len, default=None)
    if column is None or column == label or (how == "group" and column != rest):
        raise InputError(
            f"test_split is {reading.test_split!r}; DATA has the columns "
            f"{', '.join(name for name in table.column_names if name != label)} besides its label: "
            f"name one of them after {how}:"
        )
    date = rest[len(column) + 1 :]
    values = table.select_columns([column]).to_pandas()[column]
    if how == "group":
        with extra("cli", "DATA"):
            from pandas import factorize

        if values.dtype.kind not in "biufMm":
            values = values.map(_bare)
        numbers = factorize(values)[0]
        by, known = SplitBy(how, column, numbers.astype(np.int64)), numbers >= 0
    else:
        times = _times(values := _without_codes(values), column)
        start = float(_times(values[:0], column, [date])[0]) if date else None
        by, known = SplitBy(how, column, times, start), ~np.isnan(times)
    if not known.any():
        raise InputError(
            f"test_split is {reading.test_split!r}; column {column!r} holds no value: divide by "
            "another column"
        )
    labels = table.select_columns([label]).to_pandas()[label].map(str, na_action="ignore")
    if lost := sorted({*labels[~known].dropna()} - {*labels[known]}):
        raise InputError(
            f"no row of these classes has a value in {column!r}: {', '.join(lost[:8])}"
            f"{', ...' if len(lost) > 8 else ''}; fill the column, or leave the classes out"
        )
    return by, known


def _bare(value: Any) -> Any:
    """Return a text without white space around it, and None for an empty one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (list, dict, np.ndarray)):
        raise InputError("test_split names a column of lists; one value for each row is needed")
    return value


def _without_codes(values: Any) -> Any:
    """Return whole numbers of which some have leading zeros, such as 0830, as numbers."""
    with extra("cli", "DATA"):
        from pandas import to_numeric

    texts = values.dropna().astype(str)
    coded = texts.str.fullmatch(WHOLE).all() and texts.str.fullmatch(CODE).any()
    return to_numeric(values) if coded else values


def _times(column: Any, name: str, given: list[str] | None = None) -> NDArray[np.float64]:
    """Return times as numbers: of a column of numbers as they are, else microseconds.

    `given` is read instead, as values of that column would be.
    """
    with extra("cli", "DATA"):
        from pandas import Series, to_datetime

    if column.dtype.kind in "iuf":
        try:
            return np.asarray(column if given is None else given, np.float64)
        except ValueError as error:
            raise InputError(
                f"test_split names {''.join(given or [])!r} as the time of {name!r}; a number is "
                "needed, as in this column"
            ) from error
    values = column if given is None else Series(given)
    if values.dtype.kind == "b":
        raise InputError(f"column {name!r} holds truth values; times are needed to divide by it")
    if values.dtype.kind not in "M":
        values = values.map(_bare)
        values = values.where(~is_blank(values), None)
    moments = to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    if bad := values[moments.isna() & values.notna()].tolist():
        where = f"column {name!r} holds" if given is None else "test_split names"
        raise InputError(
            f"{where} the time {bad[0]!r}, which cannot be read for certain: times must be "
            "written as 2024-01-31, with or without a time of day, or as numbers"
        )
    made = moments.dt.as_unit("us").astype("int64").to_numpy().astype(np.float64)
    return np.where(moments.isna().to_numpy(), np.nan, made)
