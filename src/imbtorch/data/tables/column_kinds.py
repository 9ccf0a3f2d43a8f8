"""How a column of numbers, categories or dates is read, or why it is not."""

import re
from typing import Any

from imbtorch.data.tables.table_input import ColumnKind
from imbtorch.data.tables.written import (
    BLANK,
    CODE,
    DATE,
    NUMBER,
    style_of_dates,
    style_of_numbers,
)

ROLES = ("number", "category", "date", "written numbers", "written dates")
"""Roles of columns that a table is made of, see `role_of_column`."""


def kind_of_column(table: Any, name: str, role: str) -> ColumnKind | str:
    """Return how a column of one of the `ROLES` is read, or why it is not.

    All its values are looked at: those written as text are read if all of them are.
    """
    if role == "category" or getattr(table.features[name], "dtype", "") == "bool":
        return ColumnKind("category")
    if role == "number":
        return ColumnKind("number", "point")
    if role == "date":
        return ColumnKind("date", "year")
    values = [v.strip() for v in table.unique(name) if v is not None]
    values = [v for v in values if v.lower() not in BLANK]
    numbers = role == "written numbers"
    if numbers and any(re.fullmatch(CODE, v) for v in values):
        return ColumnKind("category")
    pattern = NUMBER if numbers else DATE
    what = "numbers written as text" if numbers else "dates"
    if others := [value for value in values if not pattern.fullmatch(value)]:
        return f"{what}, but for {others[0][:30]!r}"
    style = style_of_numbers(values) if numbers else style_of_dates(values)
    if style is None and numbers:
        return (
            f"{what}, such as {values[0]}, in more than one form or one that is doubtful: write "
            "them with the same sign, and as 1234.5"
        )
    if style is None:
        return f"{what}, such as {values[0]}: write them as 2024-12-31, day and month are doubtful"
    return ColumnKind("number" if numbers else "date", style)
