"""Open files and folders of tables as splits: CSV, TSV, Parquet, JSON, Arrow."""

import csv
import glob
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imbtorch.data.splits import USUAL, role_of, words_of
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
        _check_shards(path, name, members)
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


def _check_shards(path: Path, name: str, files: list[Path]) -> None:
    """Refuse files of one split that belong to several data sets, or are the same."""
    parents = {file.relative_to(path).parent for file in files}
    homes = {p for p in parents if not any(map(role_of, p.parts))}
    if len(homes) > 1:
        raise InputError(
            f"DATA is the folder {str(path)!r}, in which {len(homes)} folders have tables of the "
            f"split {name!r} ({', '.join(sorted(map(str, homes))[:4])}): give one of them"
        )
    sizes = Counter(file.stat().st_size for file in files)
    seen: dict[bytes, Path] = {}
    for file in files:
        if sizes[file.stat().st_size] > 1:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").digest()
            if digest in seen:
                raise InputError(f"DATA has the same table twice: {seen[digest].name}, {file.name}")
            seen[digest] = file


def _split_of(path: Path) -> str:
    """Return the usual name of a split in a path, or else the file's name."""
    for part in (*path.parts[:-1], path.stem):
        if role_of(part):
            return next(word for word in words_of(part) if word.lower() in USUAL)
    return path.stem


@contextmanager
def _no_bar() -> Iterator[None]:
    """Keep the bar of datasets out of a file or a pipe."""
    with extra("cli", "DATA"):
        from datasets import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    quiet = not sys.stderr.isatty() and not are_progress_bars_disabled()
    if quiet:
        disable_progress_bars()
    try:
        yield
    finally:
        if quiet:
            enable_progress_bars()


def _open(files: list[Path]) -> Any:
    with extra("cli", "DATA"):
        from datasets import Dataset, concatenate_datasets

    suffix = files[0].suffix.lower()
    if suffix not in BUILDERS:
        raise InputError(
            f"DATA is {str(files[0])!r}, a file of a kind that is not known; "
            f".npz, {', '.join(BUILDERS)} are, and folders of images"
        )
    options = _dialect(files[0], suffix) if BUILDERS[suffix] == "csv" else {}
    names = [glob.escape(str(file)) for file in files]
    try:
        # not load_dataset, which counts each use of it on a server
        if BUILDERS[suffix] == "csv":
            with _no_bar():
                table = Dataset.from_csv(names, **options)
        elif BUILDERS[suffix] == "json":
            with _no_bar():
                table = Dataset.from_json(names)
        else:  # file by file: the classes of one would be read as those of another
            read = Dataset.from_parquet if suffix == ".parquet" else Dataset.from_file
            parts = [
                read(n if suffix == ".parquet" else str(f))
                for n, f in zip(names, files, strict=True)
            ]
            if any(part.features != parts[0].features for part in parts):
                raise InputError(
                    f"DATA has files of one split whose columns or classes differ "
                    f"({', '.join(file.name for file in files[:4])}): give one of them"
                )
            table = concatenate_datasets(parts)
    except InputError:
        raise
    except Exception as error:  # the library raises many types for unreadable files
        cause = error.__cause__ or error
        if "corresponds to no data" in str(cause) or "BatchSize must be" in str(cause):
            raise InputError(f"DATA is {str(files[0])!r}; it holds no rows") from error
        reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        raise InputError(
            f"DATA is {str(files[0])!r}; `datasets` cannot open it: {reason}"
        ) from error
    if len(table) == 0:
        raise InputError(f"DATA is {str(files[0])!r}; it holds no rows")
    return table


def _dialect(path: Path, suffix: str) -> dict[str, Any]:
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
    marks = "\t" if suffix == ".tsv" else DELIMITERS
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
    if 2 * len(numbers) >= width:
        raise InputError(
            f"DATA is {str(path)!r}; its first line holds numbers ({', '.join(numbers[:4])}), not "
            "the names of the columns: add a line of names"
        )
    body = "".join(lines[1:])
    decimals = re.findall(r"\d,(\d+)", body)
    is_comma = mark != "," and "." not in body and any(len(part) != 3 for part in decimals)
    return {
        "sep": mark,
        "decimal": "," if is_comma else ".",
        "skip_blank_lines": width > 1,  # in a table of one column, an empty row
        "quoting": csv.QUOTE_NONE if _has_bare_quotes(path, mark) else csv.QUOTE_MINIMAL,
    }


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
