"""The table of what over-samplers made, in words and figures as the page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

COPIES = 0.1
"""Distance to real samples, in units of theirs from each other, below which made ones are copies
of them."""
ALIKE = 0.05
"""Variety, in units of real samples', below which made ones are all alike."""
OTHERS = 0.1
"""Recall of made samples by a network, in units of that of real ones, below which they are not of
their class."""
KNOWN = 0.5
"""Recall of real training samples from which a network knows a class."""


def once_each(
    examples: Mapping[str, Mapping[str, NDArray[Any]]],
) -> dict[str, Mapping[str, NDArray[Any]]]:
    """Return what recipes made, once where several made the same, under all their names.

    Recipes of one over-sampler, such as ``gamo`` and ``focal+gamo``, share what it made.

    Examples
    --------
    >>> one, other = ({"made": np.full((1, 2), n), "made_y": np.array([1])} for n in (0, 1))
    >>> list(once_each({"gamo": one, "bagan": other, "focal+gamo": one, "erm": {}}))
    ['gamo, focal+gamo', 'bagan']
    """
    names: dict[tuple[bytes, ...], list[str]] = {}
    for name, arrays in examples.items():
        if "made" in arrays:
            same = tuple(np.ascontiguousarray(arrays[a]).tobytes() for a in ("made", "made_y"))
            names.setdefault(same, []).append(name)
    return {", ".join(alike): examples[alike[0]] for alike in names.values()}


def made_rows(
    made: Mapping[str, Sequence[Mapping[str, Any]]], classes: Sequence[str]
) -> list[dict[str, str]]:
    """Return the rows of the table: recipe, class, figures, and failures by name.

    Examples
    --------
    >>> row = {"label": 1, "made": 50, "copying": 0.01, "variety": 0.9, "recall": 0.75}
    >>> made_rows({"smote": [row]}, ["cat", "dog"])[0]["failure"]
    'copies of real ones'
    """
    return [
        {
            "recipe": recipe,
            "name": classes[row["label"]],
            "copying": _shown(row["copying"], "{:.2f}"),
            "variety": _shown(row["variety"], "{:.2f}"),
            "recall": _shown(row.get("recall"), "{:.0%}"),
            "real_recall": _shown(row.get("real_recall"), "{:.0%}"),
            "frechet": _shown(row.get("frechet"), "{:.3g}"),
            "held_out": _shown(row.get("held_out"), "{:.3g}"),
            "failure": _failure(row),
        }
        for recipe, rows in made.items()
        for row in rows
    ]


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _failure(row: Mapping[str, Any]) -> str:
    """Return what is wrong with the samples of a class, or nothing."""
    found = []
    if row.get("one_color"):
        found.append("of one color each")
    if row["variety"] is not None and row["variety"] < ALIKE:
        found.append("all alike")
    if row["copying"] is not None and row["copying"] < COPIES:
        found.append("copies of real ones")
    if row.get("real_recall", 0.0) >= KNOWN and row["recall"] < OTHERS * row["real_recall"]:
        found.append("not taken for their class")
    return ", ".join(found)
