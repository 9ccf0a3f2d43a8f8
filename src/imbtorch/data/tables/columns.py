"""Which columns of a table a network takes, and why not the others."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from imbtorch.data.splits import Reading
from imbtorch.data.tables.column_kinds import ROLES, kind_of_column
from imbtorch.data.tables.column_roles import (
    OTHER_LABELS,
    counts_rows,
    is_empty,
    is_label_again,
    mean_words,
    role_of_column,
    seen_strings,
)
from imbtorch.data.tables.input_columns import Columns, choose_columns
from imbtorch.data.tables.table_input import ColumnKind, some_of
from imbtorch.errors import InputError

FEW = 10
"""Rows below which numbers without a gap may well be a coincidence."""


def find_columns(table: Any, label: str, reading: Reading) -> Columns:
    """Find the input columns of a table.

    Images come first, then texts, if they are longer than a few words and there is little beside
    them, then numbers, categories and dates. Identifiers, row numbers and empty columns are not
    used; see ``--columns``. Columns that are named are used in the order in which they are named.

    Parameters
    ----------
    table : datasets.Dataset
        The training split.
    label : str
        Its label column.
    reading : Reading
        May name the columns to use, and what a stored network takes them for.

    Raises
    ------
    InputError
        If a column named is missing or of no use, or no column is of use.
    """
    asked = reading.columns
    if missing := [name for name in asked if name not in table.column_names]:
        raise InputError(
            f"columns is {', '.join(asked)}; DATA has no column {missing[0]!r}, but "
            f"{some_of(table.column_names)}"
        )
    why = "not among --columns" if reading.kind is None else "no input of the network"
    others = {name: why for name in table.column_names if name not in asked}
    others.pop(label, None)
    if reading.kind in ("table", "text"):  # the network says what they are
        return Columns(reading.kind, asked, others)
    found: dict[str, list[str]] = {"image": [], "text": [], **{role: [] for role in ROLES}}
    dropped = others if asked else {}
    words: dict[str, float] = {}
    seen = seen_strings(table)
    roles = {
        name: role_of_column(name, feature, seen[name], bool(asked))
        for name, feature in table.features.items()
        if name != label and name not in dropped
    }
    if asked:
        roles = _as_asked(table, roles, seen)
    for name, role in roles.items():
        if not asked and (name.lower() in OTHER_LABELS or is_label_again(table, name, label)):
            dropped[name] = "another label"
        elif is_empty(table, name):
            dropped[name] = "empty"
        elif role in found:
            found[role].append(name)
            words[name] = mean_words(seen[name]) if role == "text" else 0
        else:
            dropped[name] = role
    _drop_row_numbers(table, found, dropped, bool(asked))
    kinds: dict[str, ColumnKind] = {}
    for name in [n for n in table.column_names if any(n in found[role] for role in ROLES)]:
        kind = kind_of_column(table, name, roles[name])
        if isinstance(kind, str):
            dropped[name] = kind
        else:
            kinds[name] = kind
    columns = choose_columns(
        table, found["image"], found["text"], kinds, dropped, words, bool(asked)
    )
    if asked:  # a trained network needs them in its own order, whatever that of the table is
        return replace(columns, used=tuple(sorted(columns.used, key=asked.index)))
    return columns


def _as_asked(table: Any, roles: Mapping[str, str], seen: Mapping[str, Any]) -> dict[str, str]:
    """Return the roles of columns that are named: strings alone are texts, if one is no category.

    Beside other columns, strings that do not repeat are categories, too.
    """
    held = {
        name: role_of_column(name, table.features[name], seen[name], False)
        for name, role in roles.items()
        if role == "text"
    }
    as_table = {
        n: r if r in ROLES else "text" if r == "text" else "category" for n, r in held.items()
    }
    alone = len(held) == len(roles)
    if alone and (len(held) == 1 or any(role not in ROLES for role in held.values())):
        return dict(roles)
    return {**roles, **as_table}


def _drop_row_numbers(
    table: Any, found: dict[str, list[str]], dropped: dict[str, str], asked: bool
) -> None:
    """Drop columns of numbers that number the rows, unless nothing else is left."""
    if asked or len(table) < FEW:
        return
    for name in [*found["number"]]:
        feature = table.features[name]
        if not str(getattr(feature, "dtype", "")).startswith(("int", "uint", "float")):
            continue
        others = sum(map(len, found.values())) - 1
        if others and counts_rows(table, name, first=table.column_names[0] == name):
            found["number"].remove(name)
            dropped[name] = "a row number"
