"""Tables as they come: numbers, categories and dates, with gaps, as rows of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from imbtorch.data.tables.column_inputs import OTHERS, PARTS, RARE, CategoryInput, NumberInput
from imbtorch.data.tables.unseen import Unseen
from imbtorch.data.tables.written import UnreadableRows, is_blank
from imbtorch.errors import InputError
from imbtorch.extras import extra


class ColumnKind(NamedTuple):
    """What a column holds: ``number``, ``category`` or ``date``; and how it is written.

    See `style_of_numbers` and `style_of_dates`.
    """

    kind: str
    style: str = ""


@dataclass(frozen=True)
class TableInput:
    """Columns of numbers, categories and dates -> float32 (N, D).

    Parameters
    ----------
    numbers : tuple of NumberInput
        The first inputs, standardized.
    missing : tuple of str
        Columns of numbers or dates with gaps in training: an input each, 1 where it has a gap.
    categories : tuple of CategoryInput
        The last inputs: one for each category.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [20, 30, None] * 5, "plan": ["tin", "tin", "gold"] * 5})
    >>> kinds = {"age": ColumnKind("number"), "plan": ColumnKind("category")}
    >>> spec = TableInput.fit(frame, kinds)
    >>> spec.transform(frame[:3]).int()  # 25, the median, stands in for the missing age
    tensor([[-1,  0,  1,  0],
            [ 1,  0,  1,  0],
            [ 0,  1,  0,  1]], dtype=torch.int32)
    """

    numbers: tuple[NumberInput, ...]
    missing: tuple[str, ...]
    categories: tuple[CategoryInput, ...]
    kind = "table"

    @classmethod
    def fit(cls, rows: Any, columns: Mapping[str, ColumnKind]) -> "TableInput":
        """Take medians, means, deviations and categories from the training rows.

        What does not differ between them is left out.

        Parameters
        ----------
        rows : data frame or structured array of shape (N,)
            Training rows.
        columns : mapping of str to ColumnKind
            The columns to use.
        """
        frame = _as_frame(rows)
        numbers, missing, categories = [], [], []
        for name, (kind, style) in columns.items():
            values = _column(frame, name)
            if kind == "category":
                categories.append(CategoryInput.fit(values))
                continue
            parts = PARTS if kind == "date" else ("value",)
            numbers += [NumberInput.fit(values, part, style) for part in parts]
            blank = is_blank(values)
            if blank.any() and not blank.all():
                missing.append(name)
        spec = cls(tuple(filter(None, numbers)), tuple(missing), tuple(filter(None, categories)))
        if not spec.width:
            raise InputError(
                f"DATA has the inputs {', '.join(columns)}, and none of them differs between "
                "training rows"
            )
        return spec

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TableInput":
        """Return what `input_to_json` wrote."""
        return cls(
            tuple(NumberInput(**one) for one in values["numbers"]),
            tuple(values["missing"]),
            tuple(CategoryInput(o["column"], tuple(o["values"])) for o in values["categories"]),
        )

    def check(self) -> None:
        """Raise an InputError if a number or the categories of a column cannot be right."""
        for number in self.numbers:
            number.check()
        for category in self.categories:
            category.check()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of DATA that it reads."""
        numbers, categories = ([one.column for one in c] for c in (self.numbers, self.categories))
        return tuple(dict.fromkeys([*numbers, *self.missing, *categories]))

    @property
    def as_text(self) -> dict[str, bool]:
        """Whether columns of numbers and of categories are texts."""
        numbers = {n.column: n.style == "comma" for n in self.numbers if n.part == "value"}
        return numbers | dict.fromkeys((one.column for one in self.categories), True)

    @property
    def categorical(self) -> list[tuple[int, int]]:
        """The blocks of inputs, from start to before stop, of which one is 1 and the others 0.

        The input that marks a gap is a block by itself.
        """
        sizes = [1] * len(self.missing) + [len(one.values) for one in self.categories]
        return [*pairwise((len(self.numbers) + np.cumsum([0, *sizes])).tolist())]

    @property
    def width(self) -> int:
        """The number of inputs D."""
        return len(self.numbers) + len(self.missing) + sum(len(c.values) for c in self.categories)

    def transform(self, rows: Any) -> Tensor:
        """Return the rows of a table as a float32 tensor of shape (N, D).

        Parameters
        ----------
        rows : data frame or structured array of shape (N,)
            Rows with at least these columns, in any order.

        Raises
        ------
        InputError
            If a column is missing, or holds what is no number or date.
        """
        frame = _as_frame(rows)
        with np.errstate(over="ignore"):  # infinite in float32
            blocks = [one.standardized(_column(frame, one.column)) for one in self.numbers]
            blocks += [is_blank(_column(frame, name))[:, None] for name in self.missing]
            blocks += [one.one_hot(_column(frame, one.column)) for one in self.categories]
            x = np.concatenate(blocks, axis=1, dtype=np.float32, casting="same_kind")
        if (large := ~np.isfinite(x)).any():
            column = self.numbers[int(large.any(0).argmax())].column
            why = (
                f"column {column!r} holds a number too far from those in training for 32-bit "
                "floats: leave the row out"
            )
            raise UnreadableRows(why, dict.fromkeys(np.flatnonzero(large.any(1)).tolist(), why))
        return torch.from_numpy(x)

    def notes(self, rows: Any) -> list[str]:
        """Return what becomes of gaps, rare categories and constant columns, in sentences.

        `rows` are the training rows, of the columns to use.
        """
        frame, said = _as_frame(rows), []
        gaps = [f"{name} ({is_blank(frame[name]).sum()})" for name in self.missing]
        none, rare = (
            [one.column for one in self.categories if value in one.values]
            for value in (None, OTHERS)
        )
        same = [str(name) for name in frame.columns if name not in self.columns]
        for names, fate in (
            (gaps, "missing in training rows: {}; the median stands in, and an input marks it"),
            (none, "a missing value is a category of {}"),
            (rare, "categories with fewer than " + str(RARE) + " training rows are one: {}"),
            (same, "not used: {} (the same in all training rows, or too rare)"),
        ):
            said += [fate.format(some_of(names))] if names else []
        return said

    def unseen(self, rows: Any) -> list[str]:
        """Return which columns hold categories, or gaps, that no training row has, in sentences."""
        found = Unseen()
        self.count_unseen(rows, found)
        return found.sentences()

    def count_unseen(self, rows: Any, found: Unseen) -> None:
        """Add to `found` the categories and gaps of some rows that no training row has."""
        gapless = {one.column for one in self.numbers} - {*self.missing}
        found.add(self.categories, gapless, rows)


def some_of(names: Sequence[str]) -> str:
    """Return some of the names, for a message."""
    return ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")


def _as_frame(rows: Any) -> Any:
    with extra("cli", "DATA"):
        import pandas as pd

    return pd.DataFrame(rows)


def _column(frame: Any, name: str) -> Any:
    if name not in frame.columns:
        shown = ", ".join(map(str, frame.columns[:12]))
        raise InputError(f"DATA has no column {name!r}, an input of the training, but {shown}")
    return frame[name].reset_index(drop=True)
