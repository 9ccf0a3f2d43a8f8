"""Sources: a name, a path or a hub name -> stored rows and their labels, not yet tensors."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from imbtorch.data.inputs import FeatureInput, ImageInput, Input, TextInput
from imbtorch.data.labels import whole_numbers
from imbtorch.errors import InputError

LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "class", "y")
TEST_SPLITS = ("test", "validation", "valid", "val", "dev")


class Rows:
    """Stored rows of one column: an array, or a column of a Hugging Face data set.

    ``rows[i]`` is one row, ``rows.take(indices)`` some of them; nothing is decoded before.
    """

    def __init__(self, values: Any, column: str | None = None) -> None:
        self.values, self.column = values, column

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Any:
        row = self.values[int(index)]
        return row[self.column] if self.column else row

    def take(self, indices: np.ndarray) -> "Rows":
        """Return the rows at `indices`, in that order."""
        if self.column:
            return Rows(self.values.select(indices), self.column)
        return Rows(self.values[indices])


@dataclass
class Split:
    """Rows and their labels as stored (numbers or strings), N of each."""

    rows: Rows
    labels: np.ndarray

    def __post_init__(self) -> None:
        self.labels = whole_numbers(self.labels)

    def take(self, indices: np.ndarray) -> "Split":
        """Return the samples at `indices`, in that order."""
        return Split(self.rows.take(indices), self.labels[indices])


@dataclass
class Source:
    """What a DATA argument stands for.

    `fit_input` learns the input kind from the training rows; `label_names` names integer labels
    where the source does; `test` is None where no held-out split is stored.
    """

    train: Split
    test: Split | None
    fit_input: Callable[[Rows], Input]
    label_names: Sequence[str] | None = None
    notes: list[str] = field(default_factory=list)


def open_source(data: str, label: str | None = None, image_size: int | None = None) -> Source:
    """Open DATA: ``digits``, an ``.npz``, a file or folder, or a hub name.

    Parameters
    ----------
    data : str
        ``digits`` (scikit-learn's); a path to an ``.npz`` with ``features`` and ``labels`` (or
        ``train_features``, ``train_labels``, ``test_features``, ``test_labels``), to a CSV or
        Parquet file or to any folder Hugging Face ``datasets`` opens; or the name of a data set
        on its hub.
    label : str, optional
        The label column, by default the first found of label, labels, fine_label, target,
        class, y.
    image_size : int, optional
        Height and width in pixels that images are brought to.

    Returns
    -------
    Source

    Raises
    ------
    InputError
        If nothing is found there, or it holds no label column.
    """
    path = Path(data).expanduser()
    if data == "digits":
        return _digits()
    if path.suffix == ".npz" and path.is_file():
        return _npz(path, image_size)
    if path.exists():
        return _hugging_face(_load_local(path), data, label, image_size)
    if data.startswith((".", "/", "~")) or path.suffix or data.count("/") > 1:
        raise InputError(f"DATA is {data!r}; there is no such file or folder")
    return _hugging_face(_load_hub(data), data, label, image_size)


def _digits() -> Source:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images * (255 / 16)).round().astype(np.uint8)
    return Source(Split(Rows(images), bunch.target), None, lambda rows: ImageInput((8, 8), 1))


def _npz(path: Path, image_size: int | None) -> Source:
    try:
        arrays = dict(np.load(path, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise InputError(f"DATA is {str(path)!r}; it is no readable .npz: {error}") from error

    def split(prefix: str) -> Split | None:
        x, y = arrays.get(f"{prefix}features"), arrays.get(f"{prefix}labels")
        if x is None or y is None:
            return None
        if len(x) != len(y):
            raise InputError(f"{path}: {prefix}features has {len(x)} rows, {prefix}labels {len(y)}")
        return Split(Rows(x), y)

    train = split("train_") or split("")
    if train is None:
        raise InputError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'}; features and labels (or "
            "train_features, train_labels, test_features, test_labels) are needed"
        )
    if train.rows.values.dtype == np.uint8 and train.rows.values.ndim in (3, 4):
        return Source(train, split("test_"), lambda rows: ImageInput.fit(rows, image_size))
    return Source(train, split("test_"), lambda rows: FeatureInput.fit(rows.values))


def _load_local(path: Path) -> Any:
    from datasets import load_dataset

    try:
        if path.is_file():
            builder = path.suffix.lstrip(".").replace("jsonl", "json").replace("tsv", "csv")
            return load_dataset(builder, data_files=str(path))
        return load_dataset(str(path.resolve()))
    except Exception as error:  # the library raises many kinds for unreadable files
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise InputError(f"DATA is {str(path)!r}; `datasets` cannot open it: {reason}") from error


def _load_hub(name: str) -> Any:
    from datasets import load_dataset

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        return load_dataset(name)
    except Exception as error:  # connection, authentication, missing: as many kinds
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"DATA is {name!r}; it is no built-in set (digits), no file or folder here, and the "
            f"hub did not give it: {reason}"
        ) from error


def _hugging_face(loaded: Any, name: str, label: str | None, image_size: int | None) -> Source:
    from datasets import ClassLabel, Image

    train_name = "train" if "train" in loaded else next(iter(loaded))
    test_name = next((s for s in TEST_SPLITS if s in loaded and s != train_name), None)
    features = loaded[train_name].features
    candidates = (label,) if label else LABEL_COLUMNS
    label_column = next((c for c in candidates if c in features), None)
    if label_column is None:
        raise InputError(
            f"DATA {name!r} has the columns {', '.join(features)}; no label column "
            f"({', '.join(map(str, candidates))}) is among them: name it with --label"
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
            f"DATA {name!r} has no column of images, texts or numbers beside its label"
        )
    column = (images or texts or [f"{len(numbers)} numeric columns"])[0]
    label_feature = features[label_column]
    train = split(train_name)
    assert train is not None
    fit_input: Callable[[Rows], Input]
    if images:
        fit_input = lambda rows: ImageInput.fit(rows, image_size)  # noqa: E731
    elif texts:
        fit_input = lambda rows: TextInput.fit(rows.values)  # noqa: E731
    else:
        fit_input = lambda rows: FeatureInput.fit(rows.values)  # noqa: E731
    return Source(
        train,
        split(test_name),
        fit_input,
        label_feature.names if isinstance(label_feature, ClassLabel) else None,
        [f"input {column}, label {label_column}, held-out split {test_name or 'none stored'}"],
    )


def _is_number(feature: Any) -> bool:
    dtype = str(getattr(feature, "dtype", ""))
    return dtype.startswith(("int", "uint", "float")) and not hasattr(feature, "names")
