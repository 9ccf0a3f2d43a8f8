"""Columns and rows that the made tables of several files share."""

from pathlib import Path

import numpy as np
import pandas as pd

N = 24
"""Rows of most tables: 18 are trained on, 6 held out."""
RNG = np.random.default_rng(0)
LABEL = ["spam" if i % 3 == 0 else "ham" for i in range(N)]
AGE = RNG.integers(20, 70, N).tolist()
INCOME = RNG.normal(3000, 500, N).round(2).tolist()
TEXT = [f"please read this letter about matter {i} and answer me soon" for i in range(N)]
IDS = [f"C-{7919 * i % 100_003:06d}" for i in range(1, N + 1)]


def tables(folder: Path, **parts: pd.DataFrame) -> None:
    """Write a folder of CSVs."""
    folder.mkdir()
    for name, table in parts.items():
        table.to_csv(folder / f"{name}.csv", index=False)


def rows(n: int, **columns) -> pd.DataFrame:
    values = {
        "age": (RNG.permutation(n * 3) + 2)[:n],
        "label": [i % 2 for i in range(n)],
        **columns,
    }
    return pd.DataFrame({name: v for name, v in values.items() if v is not None})
