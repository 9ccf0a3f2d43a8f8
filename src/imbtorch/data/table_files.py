"""Open files and folders of tables as splits: CSV, TSV, Parquet, JSON, Arrow."""

import csv
import re
from pathlib import Path
from typing import Any

from imbtorch.data.splits import USUAL, doubt, role_of
from imbtorch.errors import InputError
from imbtorch.extras import extra

BUILDERS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".arrow": "arrow",
}
"""Suffixes of tables -> how Hugging Face `datasets` opens them."""
DELIMITERS = ",;\t|"

Tables = dict[str, Any]
"""Split -> `datasets.Dataset`."""


def open_tables(path: Path) -> tuple[Tables, dict[str, Path]]:
    """Open a table, or all tables in a folder, each split by itself.

    In a folder, the names of files and subfolders say which split a file belongs to; files of the
    same split are joined, and files beside named splits are splits of their own.

    Returns
    -------
    tables : dict
        Split -> `datasets.Dataset`.
    folders : dict
        Split -> the folder of its first file.

    Raises
    ------
    InputError
        If a file cannot be opened, or its kind is not known.
    """
    with extra("cli", "DATA"):
        from datasets import DatasetDict, load_from_disk

    if path.is_file():
        return {path.stem: _open([path])}, {path.stem: path.parent}
    if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
        stored = load_from_disk(str(path))
        return dict(stored) if isinstance(stored, DatasetDict) else {"train": stored}, {}
    files = table_files(path)
    if not files:
        raise InputError(
            f"DATA is the folder {str(path)!r}; it holds neither images nor tables "
            f"({', '.join(BUILDERS)})"
        )
    splits: dict[str, list[Path]] = {}
    for file in files:
        splits.setdefault(_split_of(file.relative_to(path)), []).append(file)
    if not any(role_of(name) for name in splits):
        splits = {"train": files}
    for name, members in splits.items():
        if len({file.suffix.lower() for file in members}) > 1:
            shown = ", ".join(file.name for file in members[:4])
            raise InputError(
                f"DATA has the split {name!r} in files of several kinds ({shown}); leave one, or "
                "give the file as DATA"
            )
    folders = {name: members[0].parent for name, members in splits.items()}
    return {name: _open(members) for name, members in splits.items()}, folders


def table_files(path: Path) -> list[Path]:
    """Return the tables in a folder, at any depth, without hidden ones."""
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in BUILDERS
        and file.is_file()
        and not any(part.startswith((".", "__")) for part in file.relative_to(path).parts)
        and file.name not in ("dataset_info.json", "dataset_infos.json")
    )


def split_by_column(tables: Tables) -> tuple[Tables, str | None]:
    """Split a single table by a column that says the split of each row, if it has one.

    Returns
    -------
    tables : dict
        Its splits, without that column; the same tables if there is none.
    column : str or None
        The column.
    """
    if len(tables) != 1:
        return tables, None
    (table,) = tables.values()
    for column in table.column_names:
        if not _is_split(table[0][column]):
            continue
        values = table.unique(column)
        if not all(map(_is_split, values)):
            if column.lower() in ("split", "subset", "partition", "set", "fold"):
                raise doubt(map(str, values), f"they stand in the column {column!r}, some unusual")
            continue
        if len({v.strip() for v in values}) < 2:
            continue
        rows: dict[str, list[int]] = {}
        for i, value in enumerate(table[column]):
            rows.setdefault(value.strip(), []).append(i)
        return {v: table.select(r).remove_columns(column) for v, r in rows.items()}, column
    return tables, None


def _is_split(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in USUAL


def _split_of(path: Path) -> str:
    """Return the usual name of a split in a path, or else the file's name."""
    for part in (*path.parts[:-1], path.stem):
        if role_of(part):
            return next(w for w in re.split(r"[^a-zA-Z]+", part) if w.lower() in USUAL)
    return path.stem


def _open(files: list[Path]) -> Any:
    with extra("cli", "DATA"):
        from datasets import load_dataset

    suffix = files[0].suffix.lower()
    if suffix not in BUILDERS:
        raise InputError(
            f"DATA is {str(files[0])!r}, a file of a kind that is not known; "
            f".npz, {', '.join(BUILDERS)} are, and folders of images"
        )
    options = _dialect(files[0], suffix) if BUILDERS[suffix] == "csv" else {}
    try:
        table = load_dataset(
            BUILDERS[suffix], data_files=[str(f) for f in files], split="train", **options
        )
    except Exception as error:  # the library raises many types for unreadable files
        cause = error.__cause__ or error
        if "corresponds to no data" in str(cause):
            raise InputError(f"DATA is {str(files[0])!r}; it holds no rows") from error
        reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        raise InputError(
            f"DATA is {str(files[0])!r}; `datasets` cannot open it: {reason}"
        ) from error
    if len(table) == 0:
        raise InputError(f"DATA is {str(files[0])!r}; it holds no rows")
    return table


def _dialect(path: Path, suffix: str) -> dict[str, str]:
    """Return delimiter and decimal mark of a CSV file, from its first lines."""
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
    if suffix == ".tsv":
        return {"sep": "\t"}
    widths = {mark: len(next(csv.reader(lines[:1], delimiter=mark))) for mark in DELIMITERS}
    mark = max(widths, key=lambda mark: widths[mark])
    body = "".join(lines[1:])
    decimal = "," if mark != "," and re.search(r"\d,\d", body) and "." not in body else "."
    return {"sep": mark, "decimal": decimal}
