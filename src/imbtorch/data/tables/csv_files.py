"""Open CSV files: how they are written, and the types of their columns, found over all rows."""

import csv
import glob
import mmap
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.data.tables.column_roles import LABEL_COLUMNS
from imbtorch.data.tables.written import CODE, MISSING, THOUSANDS, WHOLE
from imbtorch.errors import InputError
from imbtorch.extras import extra

DELIMITERS = ",;\t|"
CODED = re.compile(rb"[,;\t|\n\"] *0\d+ *(?:[,;\t|\r\n\"]|\Z)")
"""Where a cell may be a code, such as 00123."""
NUMBERS = ("int64", "uint64", "float64")
"""Types of columns of numbers."""
ROWS = 10_000
"""Rows that are looked at together."""


def open_csv(files: Sequence[Path], as_text: Mapping[str, bool]) -> Any:
    """Open CSV files of one split as a `datasets.Dataset`.

    A column is of whole numbers, numbers, truth values or texts if all its cells are. Whole numbers
    are texts if one has leading zeros, as postal codes have, and numbers are if they may be whole
    ones with points between thousands.

    Parameters
    ----------
    files : sequence of Path
        They have the same columns.
    as_text : mapping of str to bool
        Column -> whether its cells are texts, or numbers if all can be read as such, where a
        trained network or the training split says so.
    """
    with extra("cli", "DATA"):
        from datasets import Dataset, Features, Value

    dialect = _dialect(files[0], as_text)
    found = _types(files, dialect)
    types = {name: _joined(kinds) for name, kinds in found.items()}
    types |= dict.fromkeys((name for name in types if as_text.get(name)), "string")
    unsaid = [name for name, dtype in types.items() if name not in as_text and dtype in NUMBERS]
    types |= dict.fromkeys(_no_numbers(files, dialect, unsaid), "string")
    gaps = [name for name, dtype in types.items() if dtype == "bool" and "" in found[name]]
    read = types | dict.fromkeys(gaps, "string")  # pandas reads no truth values with gaps
    missing = {name: [""] if dtype == "string" else [*MISSING] for name, dtype in read.items()}
    table = Dataset.from_csv(
        [glob.escape(str(file)) for file in files],
        features=Features({name: Value(dtype) for name, dtype in read.items()}),
        **{**dialect, "na_values": missing | {name: [*MISSING] for name in gaps}},
    )
    for name in gaps:
        table = table.cast_column(name, Value("bool"))
    return table


def _types(files: Sequence[Path], dialect: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the types that the parts of each column have; "" where cells are missing."""
    with extra("cli", "DATA"):
        from pandas.api.types import infer_dtype

    found: dict[str, set[str]] = {}
    for part in _parts(files, dialect):
        for name, values in part.items():
            kinds = found.setdefault(name, set())
            if values.dtype.kind in "iufb":
                kinds.add("" if values.isna().all() else values.dtype.name)
            else:
                truths = infer_dtype(values, skipna=True) == "boolean"
                kinds.update(("bool", "") if truths else ("string",))
    return found


def _joined(kinds: set[str]) -> str:
    """Return the type that holds all parts of a column."""
    there = kinds - {""}
    if there <= {*NUMBERS}:
        return np.result_type(*there, *(["float64"] if "" in kinds else [])).name
    return "bool" if there == {"bool"} else "string"


def _no_numbers(
    files: Sequence[Path], dialect: Mapping[str, Any], names: Sequence[str]
) -> list[str]:
    """Return which columns that can be read as numbers are codes, or doubtful.

    They are doubtful in files of German programs, if points stand before three digits and nowhere
    else, and some have none: 999 and 1.234, which may be 1234.
    """
    german = dialect["sep"] == ";" and dialect["decimal"] == "."
    if not names or not (german or any(map(_may_hold_codes, files))):
        return []
    whole, grouped = set(names), set(names if german else ())
    coded, pointed, plain = set[str](), set[str](), set[str]()
    for part in _parts(files, dialect, dtype=str, usecols=names):
        if not (whole or grouped):
            break
        for name, values in part.items():
            texts = values.dropna().str.strip()
            if name in whole and not texts.str.fullmatch(WHOLE).all():
                whole.remove(name)
            if name in whole and texts.str.fullmatch(CODE).any():
                coded.add(name)
            if name in grouped and not texts.str.fullmatch(THOUSANDS).all():
                grouped.remove(name)
            if name in grouped:
                points = texts.str.contains(".", regex=False)
                pointed |= {name} if points.any() else set()
                plain |= {name} if not points.all() else set()
    return [name for name in names if name in whole & coded | grouped & pointed & plain]


def _parts(files: Sequence[Path], dialect: Mapping[str, Any], **how: Any) -> Iterator[Any]:
    with extra("cli", "DATA"):
        import pandas as pd

    how = {"na_values": [*MISSING], "low_memory": False, "chunksize": ROWS, **dialect, **how}
    for file in files:
        with pd.read_csv(file, **how) as parts:
            yield from parts


def _may_hold_codes(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return CODED.search(content) is not None


def _dialect(path: Path, known: Collection[str]) -> dict[str, Any]:
    """Return how to read a CSV file, from its first lines; some columns may be known by name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line, _ in zip(file, range(20), strict=False)]
    except UnicodeDecodeError as error:
        raise InputError(
            f"DATA is {str(path)!r}, which is not text in UTF-8 ({error.reason} at byte "
            f"{error.start}): save it in UTF-8"
        ) from error
    if not lines or not lines[0].strip():
        raise InputError(f"DATA is {str(path)!r}; it holds no rows, or its first line is empty")
    marks = "\t" if path.suffix.lower() == ".tsv" else DELIMITERS
    widths = {mark: len(next(csv.reader(lines[:1], delimiter=mark))) for mark in marks}
    mark = max(widths, key=lambda mark: widths[mark])
    rows = list(csv.reader(lines, delimiter=mark))
    width = len(rows[0])
    if longer := next((i for i, row in enumerate(rows[:-1]) if len(row) > width), None):
        raise InputError(
            f"DATA is {str(path)!r}; its line {longer + 1} has {len(rows[longer])} fields, its "
            f"first line has {width} names"
        )
    numbers = [name for name in rows[0] if re.fullmatch(r"[-+]?\d*\.?\d+", name.strip())]
    if 2 * len(numbers) >= width and not (
        {*numbers} <= {*known} or _are_numbered(path, mark, rows[0], numbers)
    ):
        raise InputError(
            f"DATA is {str(path)!r}; its first line holds numbers ({', '.join(numbers[:4])}), not "
            "the names of the columns: add a line of names"
        )
    if twice := sorted({name for name in rows[0] if name and rows[0].count(name) > 1}):
        raise InputError(
            f"DATA is {str(path)!r}; its first line names {', '.join(map(repr, twice[:4]))} more "
            "than once: rename the columns, or leave one out"
        )
    body = "".join(lines[1:])
    decimals = re.findall(r"\d,(\d+)", body)
    is_comma = mark != "," and "." not in body and any(len(part) != 3 for part in decimals)
    return {
        "sep": mark,
        "decimal": "," if is_comma else ".",
        "keep_default_na": False,
        "skip_blank_lines": width > 1,  # in a table of one column, an empty row
        "quoting": csv.QUOTE_NONE if _has_bare_quotes(path, mark) else csv.QUOTE_MINIMAL,
    }


def _are_numbered(path: Path, mark: str, names: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether columns are named by their numbers, as pandas does, but for one of labels.

    No row has the label that would be its name.
    """
    said = [number.strip() for number in numbers]
    first = int(said[0] == "1")
    labels = [i for i, name in enumerate(names) if name.strip().lower() in LABEL_COLUMNS]
    if said != [*map(str, range(first, first + len(said)))] or not labels:
        return False
    times = Counter[int]()
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file, delimiter=mark):
            times.update(i for i in labels if row[i : i + 1] == [names[i]])
    return min(times.values()) == 1  # in the first line


def _has_bare_quotes(path: Path, mark: str) -> bool:
    """Whether quotes in a CSV stand for themselves: each line is a row, and some have an odd one.

    Read as quotes, they would join the lines between two of them.
    """
    odd, first = False, None
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line in filter(str.strip, file):
            first = line.count(mark) if first is None else first
            if line.count(mark) != first:
                return False
            odd |= line.count('"') % 2 == 1
    return odd
