"""Read tables: their splits, their label column, and the columns that a network takes."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.data.images.files import image_rows, is_stored_image
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import FeatureInput, Input
from imbtorch.data.rows import Rows, Source, Split, keep_tested
from imbtorch.data.splits import Reading, choose_splits
from imbtorch.data.tables.by_column import split_by
from imbtorch.data.tables.cells import frame_of, numbers_of, text_of
from imbtorch.data.tables.column_roles import role_of_column, say_label
from imbtorch.data.tables.columns import find_columns
from imbtorch.data.tables.files import Tables
from imbtorch.data.tables.input_columns import Columns
from imbtorch.data.tables.labels import is_hidden, label_column, labels_of_split
from imbtorch.data.tables.split_column import split_by_column
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.text_input import TEXT_NORM, TextInput
from imbtorch.data.texts.windows import WindowInput, windows
from imbtorch.errors import InputError
from imbtorch.extras import extra


def open_hub(name: str, configuration: str | None = None) -> Tables:
    """Open a data set on the hub, by its name and the name of a configuration."""
    with extra("cli", "DATA"):
        from datasets import load_dataset

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        return dict(load_dataset(name, configuration))
    except Exception as error:  # connection, authentication, missing: many types
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"DATA is {name!r}; it is neither a built-in data set (digits) nor a file or folder, "
            f"and the hub did not provide it: {reason}"
        ) from error


def read_tables(
    tables: Tables, reading: Reading, folders: Mapping[str, Path] | None = None
) -> Source:
    """Read the splits of a data set: find its labels and inputs, and leave out what has no label.

    Parameters
    ----------
    tables : dict
        Split -> `datasets.Dataset`.
    reading : Reading
        What the user says of splits and columns.
    folders : mapping, optional
        Split -> where the names of image files in its table begin.

    Raises
    ------
    InputError
        If it is doubtful which split or column is which, or there is no label or input.
    """
    folders = folders or {}
    reading = reading.named_in(next(iter(tables.values())).column_names)
    where = [*folders.values(), Path()][0]
    column, without = None, 0
    if len(tables) == 1 and not _is_tagged(first := next(iter(tables.values())), reading):
        label = label_column(first, reading)
        tables, column, without = split_by_column(tables, reading, label)
    name, others = choose_splits([*tables], reading)
    train = tables[name]
    notes = [f"splits are named in the column {column!r}"] if column else []
    if _is_tagged(train, reading):
        if reading.by:
            raise InputError(
                f"test_split is {reading.test_split!r}; a table of tagged words cannot be divided "
                "by a column: leave it out"
            )
        reading.only("label", "train_split", "test_split", of="a table of tagged words")
        return _tagged_words(tables, name, others[0] if others else None, reading.label or "tags")
    label = label_column(train, reading)
    names = getattr(train.features[label], "names", None)
    by = split_by(train, label, reading)
    if by and by[0].column not in reading.columns:
        train = train.remove_columns(by[0].column)
        notes.append(f"held out by the column {by[0].column!r}, which is no input")
    columns = find_columns(train, label, reading)
    single = [] if reading.columns or columns.kind not in ("table", "features") else columns.used
    notes += [
        f"warning: {column} says the label of each row: if it is not known before the label is, "
        "name the columns to use with --columns"
        for column in say_label(train, single, label)
    ]
    train = tables[name]
    labels = {name: labels_of_split(train, label, names, name)}
    test_name = None
    for other in others:
        labels[other] = labels_of_split(tables[other], label, names, other)
        if is_hidden(labels[other], labels[name]):
            notes.append(f"split {other!r} has no labels to test on")
            if reading.test_split:
                raise InputError(f"test_split is {other!r}, whose labels are hidden or missing")
            continue
        test_name = other
        break
    used = [part for part in (name, test_name) if part]
    if test_name is None and others:
        notes.append("every held-out split hides its labels: some of the training set is held out")
    left_out = {f"split {part!r}": len(tables[part]) for part in tables if part not in used}
    if without:
        left_out[f"without a value in {column!r}"] = without
    if missing := sum(int((~labels[part].known).sum()) for part in used):
        left_out["without a label (empty or -1; among numbers, NA)"] = missing
    known = {part: np.flatnonzero(labels[part].known & (by[1] if by else True)) for part in used}

    def labelled(columns: Columns, part: str) -> Rows:
        rows = stored_rows(tables[part], columns, folders.get(part, where), part, notes)
        return rows.take(known[part])

    rows = {part: labelled(columns, part) for part in used}
    if reading.kind is None and columns.kind == "features" and any(map(_has_gaps, rows.values())):
        columns = columns.as_table()
        rows = {part: labelled(columns, part) for part in used}
    splits = {}
    for part in used:
        if by and (unsaid := int((labels[part].known & ~by[1]).sum())):
            left_out[f"without a value in {by[0].column!r}"] = unsaid
        told = by[0].take(known[part]) if by else None
        splits[part] = Split(rows[part], labels[part].values[known[part]], told)
    notes += dict.fromkeys(note for part in used for note in labels[part].notes)
    return Source(
        splits[name],
        splits[test_name] if test_name else None,
        columns.kind,
        lambda rows: _fit(columns, rows, reading),
        names,
        [
            f"label: {label}; {_splits_in_words(name, test_name, len(tables))}",
            *columns.notes(),
            *notes,
        ],
        left_out,
        columns.used,
        label,
    )


def _splits_in_words(train: str, test: str | None, stored: int) -> str:
    if stored == 1:
        return "one split, no held-out one"
    return f"training split {train!r}, " + (f"held-out split {test!r}" if test else "none held out")


def stored_rows(table: Any, columns: Columns, folder: Path, split: str, notes: list[str]) -> Rows:
    """Return the rows of a split as the input kind takes them, and add notes on them."""
    if missing := [name for name in columns.used if name not in table.column_names]:
        raise InputError(f"split {split!r} has no column {missing[0]!r}, an input of the training")
    if columns.kind == "table":
        return Rows(frame_of(table, columns.used).to_records(index=False))
    for name in columns.used:
        kind = role_of_column(name, table.features[name], [], True)
        wanted = "text" if columns.kind == "text" else "number"
        if columns.kind != "image" and kind != wanted:
            raise InputError(
                f"column {name!r} of split {split!r} holds no {wanted}s, as in training, but "
                f"values of type {getattr(table.features[name], 'dtype', 'list')}"
            )
    if columns.kind == "image":
        with extra("cli", "DATA"):
            from datasets import Image

        name = columns.used[0]
        if isinstance(table.features[name], Image) or is_stored_image(table.features[name]):
            return Rows(table.cast_column(name, Image(decode=False)), name)
        return Rows(image_rows(table[name][:], folder, name))
    part = table.select_columns([*columns.used]).to_pandas()
    if columns.kind == "text":
        texts = [[text_of(v) for v in part[name]] for name in columns.used]
        joined = [" ".join(filter(None, values)) for values in zip(*texts, strict=True)]
        if empty := sum(not text.strip() for text in joined):
            notes.append(f"{empty} texts of split {split!r} are empty")
        return Rows(np.array(joined, dtype=object))
    return Rows(numbers_of(part))


def _has_gaps(rows: Rows) -> bool:
    return bool(np.isnan(rows.values).any())


def _fit(columns: Columns, rows: Rows, reading: Reading) -> Input:
    if columns.kind == "image":
        return ImageInput.fit(rows.survey, reading.image_size)
    if columns.kind == "text":
        return TextInput.fit(rows.values, norm=TEXT_NORM, columns=columns.used)
    if columns.kind == "table":
        return TableInput.fit(rows.values, columns.kinds)
    return FeatureInput.fit(rows.values, columns.used)


def _is_tagged(table: Any, reading: Reading) -> bool:
    """Whether each row is a text of words with a tag for every word."""
    tags = table.features.get(reading.label or "tags")
    return "tokens" in table.features and hasattr(tags, "feature")


def _tagged_words(tables: Tables, train_name: str, test_name: str | None, label: str) -> Source:
    """Return one sample per word: its window of words, and its tag."""

    def split(name: str) -> Split:
        part = tables[name]
        rows, tags = [], []
        for row, (words, word_tags) in enumerate(zip(part["tokens"], part[label], strict=True)):
            if len(words) != len(word_tags) or None in word_tags:
                raise InputError(
                    f"row {row} of split {name!r} has {len(words)} words and the {label} "
                    f"{word_tags[:8]}; every word needs one"
                )
            rows += windows(words)
            tags += word_tags
        return Split(Rows(np.array(rows, dtype=object)), np.array(tags))

    note = f"windows of 3 words, label {label}, held-out split {test_name or 'none stored'}"
    names = getattr(tables[train_name].features[label].feature, "names", None)
    left_out = {
        f"words of split {name!r}": sum(map(len, table["tokens"]))
        for name, table in tables.items()
        if name not in (train_name, test_name)
    }
    test = split(test_name) if test_name else None
    source = Source(
        split(train_name), test, "windows", lambda rows: WindowInput(), names, [note], left_out
    )
    return keep_tested(source, 1)
