"""What a stored network says of rows without labels, as columns of a file."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.inputs import Input
from imbtorch.data.new_rows import usable
from imbtorch.data.rows import NewRows
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.tables.unseen import Unseen
from imbtorch.data.texts.text_input import TextInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.files import replacing
from imbtorch.metrics.decision import TINY, Decision
from imbtorch.metrics.prior import correct_prior
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import predict_logits
from imbtorch.progress import progress_bar
from imbtorch.training.recipes import make_recipe

BLOCK_VALUES = 2**24
"""Input values, or probabilities, that are in memory at once."""
ROWS = (16, 4096)
"""The fewest and the most rows in memory at once."""
SUFFIXES = (".csv", ".parquet")
"""Kinds of files that predictions are written to."""


@dataclass(frozen=True)
class Predictor:
    """A trained network and how its logits become probabilities and a class.

    Attributes
    ----------
    network : Classifier
        In evaluation mode, on any device.
    input : Input
        How rows become its inputs.
    classes : sequence of str
        Names of its classes.
    decision : Decision or None
        The temperature and offsets that were chosen for it on a validation split.
    shares, prior : sequence of float or None
        Class shares that the network assumes, and those where it is used: the probabilities are
        corrected from the first to the second, see `correct_prior`. None: they are not.
    """

    network: Classifier
    input: Input
    classes: Sequence[str]
    decision: Decision | None = None
    shares: Sequence[float] | None = None
    prior: Sequence[float] | None = None

    def rows_at_once(self) -> int:
        """Return how many rows a block has, so that it fits into memory whatever their size."""
        shape = () if self.network.spec is None else self.network.spec["input_shape"]
        low, high = ROWS
        return min(max(BLOCK_VALUES // max(prod(shape), len(self.classes)), low), high)

    def probabilities(self, x: torch.Tensor) -> NDArray[np.float64]:
        """Return the network's own probabilities (N, K) of inputs."""
        tokens = isinstance(self.input, TokenInput)
        data = ArrayDataset(x, np.zeros(len(x), np.int64), tokens=tokens)
        logits, _ = predict_logits(self.network, data)
        p: NDArray[np.float64] = self.network.probabilities(logits).double().cpu().numpy()
        return p

    def decide(
        self, p: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
        """Return probabilities with temperature and prior, and the classes (N,) of the decision.

        The decision is that of the probabilities before they are corrected for a prior: its
        offsets were chosen for those.
        """
        decided = None
        if self.decision is not None:
            p = self.decision.calibrated(p)
            decided = self.decision.classes(p)
        if self.prior is not None and self.shares is not None:
            p = correct_prior(np.maximum(p, TINY), self.shares, self.prior)  # no row is all 0
        return p, decided


@dataclass
class Predicted:
    """What came of writing predictions.

    Attributes
    ----------
    counts : Counter
        Predicted class (of the decision, if there is one) -> rows.
    faults : dict
        Row number -> why it could not be read.
    empty : int
        Texts without a word.
    unseen : Unseen
        What columns of a table hold that no training row has.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[int, str] = field(default_factory=dict)
    empty: int = 0
    unseen: Unseen = field(default_factory=Unseen)


def write_predictions(
    path: Path, predictor: Predictor, rows: NewRows, *, progress: bool = True
) -> Predicted:
    """Write what a network says of each row to a CSV or Parquet file, block by block.

    The columns are ``path`` (of an image file, relative to DATA) or ``row`` (its number, from 0; of
    several tables, that in its ``file``, the column before), ``predicted`` (the name of the most
    probable class), ``probability_CLASS`` for each class and, if the predictor has a decision,
    ``decision`` (the name of its class). A row that cannot be read has its name and nothing else.
    The file is written whole or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.csv`` or ``.parquet``.
    predictor : Predictor
        The network.
    rows : NewRows
        See `open_new`.
    progress : bool, default=True
        Whether to show a progress bar.

    Raises
    ------
    InputError
        If no row at all can be read.
    """
    with extra("cli", "a file of predictions"):
        import pyarrow as pa

    made = Predicted()
    types = {"row": pa.int64()}
    fields = [pa.field(n, types.get(n, pa.string())) for n in (*rows.names(0, 0), "predicted")]
    fields += [pa.field(f"probability_{c}", pa.float32()) for c in predictor.classes]
    if predictor.decision is not None:
        fields.append(pa.field("decision", pa.string()))
    schema = pa.schema(fields)
    bar = progress_bar(total=rows.total, unit="row", disable=not progress)
    with bar, replacing(path) as part, _writer(part, path.suffix, schema) as writer:
        first = 0
        for values in rows.blocks(predictor.rows_at_once()):
            columns = _columns(predictor, values, first, made)
            stop = first + len(values)
            names = rows.names(first, stop)
            arrays = [pa.array(names[n], types.get(n, pa.string())) for n in names]
            for column, kind in zip(columns, schema.types[len(names) :], strict=True):
                arrays.append(pa.array(column.data, kind, mask=column.mask))
            writer.write_table(pa.table(arrays, schema=schema))
            bar.update(len(values))
            first = stop
        if first == len(made.faults):
            raise InputError(f"none of the {first} rows can be read; the first: {made.faults[0]}")
    return made


def _columns(
    predictor: Predictor, values: Any, first: int, made: Predicted
) -> Iterator[np.ma.MaskedArray[Any, Any]]:
    """Yield the columns of a block of rows, and add to what came of it."""
    tensors, faults = usable(predictor.input, values, first)
    if isinstance(predictor.input, TableInput):
        predictor.input.count_unseen(values, made.unseen)
    if isinstance(predictor.input, (TextInput, TokenInput)):
        made.empty += sum(not text.strip() for text in values)
    n, k = len(values), len(predictor.classes)
    p, decided = np.zeros((n, k)), np.zeros(n, np.int64)
    there = np.array([row not in faults for row in range(n)])
    if tensors:
        p[there] = predictor.probabilities(torch.cat(tensors))
        finite = np.isfinite(p).all(1)
        faults |= dict.fromkeys(np.flatnonzero(~finite).tolist(), "the network gives NaN for it")
        there &= finite
        p[there], chosen = predictor.decide(p[there])
        decided[there] = p[there].argmax(1) if chosen is None else chosen
    made.faults.update((first + row, faults[row]) for row in sorted(faults))
    names = np.array(predictor.classes, object)
    made.counts.update(names[decided[there]].tolist())
    yield np.ma.array(names[p.argmax(1)], mask=~there)
    yield from (np.ma.array(p[:, i].astype(np.float32), mask=~there) for i in range(k))
    if predictor.decision is not None:
        yield np.ma.array(names[decided], mask=~there)


@contextmanager
def _writer(part: Path, suffix: str, schema: Any) -> Iterator[Any]:
    """Open a file to write tables to, of the kind that a suffix names."""
    with extra("cli", "a file of predictions"):
        from pyarrow.csv import CSVWriter
        from pyarrow.parquet import ParquetWriter

    kind = CSVWriter if suffix == ".csv" else ParquetWriter
    with part.open("wb") as file, kind(file, schema) as writer:
        yield writer


def class_shares(header: Mapping[str, Any]) -> list[float]:
    """Return the class shares that a stored network assumes, see `Recipe.class_shares`.

    Parameters
    ----------
    header : mapping
        A `TrainedHeader`.

    Raises
    ------
    InputError
        If its recipe is not the one of that name.
    """
    stored, given = header["recipe"], header.get("class_shares")
    if given is not None:  # of an estimator
        return list(given)
    recipe = make_recipe(stored["name"], header.get("epochs", 200))
    if json.loads(json.dumps(recipe.describe())) != stored:
        raise InputError(
            f"prior cannot be corrected: the recipe {stored['name']!r} of the checkpoint is not "
            "the one of that name, so the class shares that it assumes are not known"
        )
    return recipe.class_shares(header["data"]["counts"])
