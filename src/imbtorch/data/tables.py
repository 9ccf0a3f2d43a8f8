"""Read tables of Hugging Face `datasets`: find the input column and the label column."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.data.inputs import TEXT_NORM, FeatureInput, ImageInput, Input, TextInput
from imbtorch.data.rows import Rows, Source, Split, keep_tested
from imbtorch.data.windows import WindowInput, windows
from imbtorch.errors import InputError
from imbtorch.extras import extra

LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "class", "y")
TEST_SPLITS = ("test", "validation", "valid", "val", "dev")


def load_local(path: Path) -> Any:
    """Open a file or folder with Hugging Face `datasets`."""
    with extra("cli", "DATA"):
        from datasets import load_dataset

    try:
        if path.is_file():
            builder = path.suffix.lstrip(".").replace("jsonl", "json").replace("tsv", "csv")
            return load_dataset(builder, data_files=str(path))
        return load_dataset(str(path.resolve()))
    except Exception as error:  # the library raises many types for unreadable files
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise InputError(f"DATA is {str(path)!r}; `datasets` cannot open it: {reason}") from error


def load_hub(name: str, configuration: str | None = None) -> Any:
    """Open a data set on the hub, by its name and the name of a configuration."""
    with extra("cli", "DATA"):
        from datasets import load_dataset

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        return load_dataset(name, configuration)
    except Exception as error:  # connection, authentication, missing: just as many types
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"DATA is {name!r}; it is neither a built-in data set (digits) nor a file or folder, "
            f"and the hub did not provide it: {reason}"
        ) from error


def read_table(loaded: Any, name: str, label: str | None, image_size: int | None) -> Source:
    """Find the input and label columns of what `load_local` or `load_hub` returned."""
    with extra("cli", "DATA"):
        from datasets import ClassLabel, Image

    train_name = "train" if "train" in loaded else next(iter(loaded))
    test_name = next((s for s in TEST_SPLITS if s in loaded and s != train_name), None)
    features = loaded[train_name].features
    if "tokens" in features and (label or "tags") in features:
        return _tagged_words(loaded, train_name, test_name, label or "tags")
    candidates = (label,) if label else LABEL_COLUMNS
    label_column = next((c for c in candidates if c in features), None)
    if label_column is None:
        raise InputError(
            f"DATA {name!r} has the columns {', '.join(features)}; none of them is a label column "
            f"({', '.join(map(str, candidates))}): name it with --label"
        )
    inputs = [
        c for c in features if c != label_column and c not in (*LABEL_COLUMNS, "coarse_label")
    ]
    images = [c for c in inputs if isinstance(features[c], Image)]
    texts = [c for c in inputs if getattr(features[c], "dtype", None) in ("string", "large_string")]
    numbers = [c for c in inputs if _is_number(features[c])]

    def split(split_name: str | None) -> Split | None:
        if split_name is None:
            return None
        part = loaded[split_name]
        labels = np.asarray(part.with_format("numpy")[label_column][:])
        if images:
            return Split(Rows(part.cast_column(images[0], Image(decode=False)), images[0]), labels)
        if texts:
            return Split(Rows(np.asarray(part[texts[0]][:], dtype=object)), labels)
        table = part.select_columns(numbers).to_pandas().to_numpy(np.float32)
        return Split(Rows(table), labels)

    if not (images or texts or numbers):
        raise InputError(
            f"DATA {name!r} has no column of images, texts or numbers besides its label"
        )
    column = (images or texts or [f"{len(numbers)} numeric columns"])[0]
    label_feature = features[label_column]
    train = split(train_name)
    assert train is not None

    def fit_input(rows: Rows) -> Input:
        if images:
            return ImageInput.fit(rows, image_size)
        return (
            TextInput.fit(rows.values, norm=TEXT_NORM) if texts else FeatureInput.fit(rows.values)
        )

    return Source(
        train,
        split(test_name),
        fit_input,
        label_feature.names if isinstance(label_feature, ClassLabel) else None,
        [f"input {column}, label {label_column}, held-out split {test_name or 'none stored'}"],
    )


def _tagged_words(loaded: Any, train_name: str, test_name: str | None, label: str) -> Source:
    """Return one sample per word: its window of words, and its tag."""

    def split(name: str) -> Split:
        part = loaded[name]
        rows, tags = [], []
        for words, word_tags in zip(part["tokens"], part[label], strict=True):
            rows += windows(words)
            tags += word_tags
        return Split(Rows(np.array(rows, dtype=object)), np.array(tags))

    note = f"windows of 3 words, label {label}, held-out split {test_name or 'none stored'}"
    names = getattr(loaded[train_name].features[label].feature, "names", None)
    test = split(test_name) if test_name else None
    source = Source(split(train_name), test, lambda rows: WindowInput(), names, [note])
    return keep_tested(source, 1)


def _is_number(feature: Any) -> bool:
    dtype = str(getattr(feature, "dtype", ""))
    return dtype.startswith(("int", "uint", "float")) and not hasattr(feature, "names")
