"""Open files and folders of tables as splits: CSV, TSV, Parquet, JSON, Arrow."""

import glob
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbtorch.data.splits import USUAL, role_of, words_of
from imbtorch.data.tables.csv_files import open_csv
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

Tables = dict[str, Any]
"""Split -> `datasets.Dataset`."""


def open_tables(
    path: Path, as_text: Mapping[str, bool] = MappingProxyType({})
) -> tuple[Tables, dict[str, Path]]:
    """Open a table, or all tables in a folder, each split by itself.

    In a folder, the names of files and subfolders say which split a file belongs to; files of the
    same split are joined, and files beside named splits are splits of their own. The columns of a
    CSV are of the types that those of the training split have.

    Parameters
    ----------
    path : Path
        A file, or a folder of them.
    as_text : mapping of str to bool, optional
        What a trained network takes columns for, see `open_csv`.

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
        return {path.stem: _open([path], as_text)}, {path.stem: path.parent}
    if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
        stored = load_from_disk(str(path))
        return dict(stored) if isinstance(stored, DatasetDict) else {"train": stored}, {}
    splits = split_files(path)
    for name, members in splits.items():
        _check_shards(path, name, members)
        if len({file.suffix.lower() for file in members}) > 1:
            shown = ", ".join(file.name for file in members[:4])
            raise InputError(
                f"DATA has the split {name!r} in files of several kinds ({shown}); leave one, or "
                "give the file as DATA"
            )
    folders = {name: members[0].parent for name, members in splits.items()}
    tables = {}
    for name in sorted(splits, key=lambda name: role_of(name) != "train"):
        tables[name] = _open(splits[name], as_text)
        if role_of(name) == "train":
            as_text = {**_are_texts(tables[name]), **as_text}
    return {name: tables[name] for name in splits}, folders


def split_files(path: Path) -> dict[str, list[Path]]:
    """Return the tables in a folder by the split that they belong to, each one in order."""
    files = table_files(path)
    if not files:
        raise InputError(
            f"DATA is the folder {str(path)!r}; it holds neither images nor tables "
            f"({', '.join(BUILDERS)})"
        )
    splits: dict[str, list[Path]] = {}
    for file in files:
        splits.setdefault(_split_of(file.relative_to(path)), []).append(file)
    return splits if any(role_of(name) for name in splits) else {"train": files}


def _are_texts(table: Any) -> dict[str, bool]:
    """Return whether columns are of texts, or of numbers."""
    types = {name: str(getattr(feature, "dtype", "")) for name, feature in table.features.items()}
    texts, numbers = ("string", "large_string"), ("int", "uint", "float")
    return {n: t in texts for n, t in types.items() if t in texts or t.startswith(numbers)}


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


def _open(files: list[Path], as_text: Mapping[str, bool]) -> Any:
    with extra("cli", "DATA"):
        from datasets import Dataset, concatenate_datasets

    suffix = files[0].suffix.lower()
    if suffix not in BUILDERS:
        raise InputError(
            f"DATA is {str(files[0])!r}, a file of a kind that is not known; "
            f".npz, {', '.join(BUILDERS)} are, and folders of images"
        )
    names = [glob.escape(str(file)) for file in files]
    try:
        # not load_dataset, which counts each use of it on a server
        if BUILDERS[suffix] == "csv":
            with _no_bar():
                table = open_csv(files, as_text)
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
