"""What rows of a table hold that no training row has, counted over blocks of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imbtorch.data.tables.column_inputs import CategoryInput
from imbtorch.data.tables.written import is_blank
from imbtorch.extras import extra


@dataclass
class Unseen:
    """Categories and gaps that no training row has.

    Attributes
    ----------
    categories : dict
        Column -> category, None for a missing one -> rows.
    gaps : Counter
        Column of numbers or dates -> rows in which it is empty.
    """

    categories: dict[str, Counter[str | None]] = field(default_factory=lambda: defaultdict(Counter))
    gaps: Counter[str] = field(default_factory=Counter)

    def add(self, categories: Iterable[CategoryInput], gapless: Iterable[str], rows: Any) -> None:
        """Count those of rows of a table.

        `categories` are the inputs of a trained network, `gapless` its columns of numbers and
        dates that have no gap in training.
        """
        with extra("cli", "DATA"):
            import pandas as pd

        frame = pd.DataFrame(rows)
        for one in categories:
            if new := one.unseen(frame[one.column]):
                self.categories[one.column].update(new)
        for name in gapless:
            if blank := int(np.sum(is_blank(frame[name]))):
                self.gaps[name] += blank

    def sentences(self) -> list[str]:
        """Return what was counted and what becomes of it, a sentence a column."""
        said = []
        for column, new in self.categories.items():
            some = ", ".join("none" if w is None else repr(w) for w in [*new][:4])
            said.append(
                f"column {column!r} holds categories that no training row has ({some}) in "
                f"{new.total()} rows: all its inputs are 0 there"
            )
        for column, rows in sorted(self.gaps.items()):
            said.append(
                f"column {column!r} is empty in {rows} rows, as it is in no training row: the "
                "training median stands in"
            )
        return said
