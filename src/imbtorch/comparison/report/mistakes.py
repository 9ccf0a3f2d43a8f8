"""The most confident mistakes of a trained network, with their samples as far as they are known."""

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.images.decode import decode_image, in_8_bits, name_of
from imbtorch.data.rows import Rows
from imbtorch.errors import InputError

SHOWN = 24
"""Number of mistakes."""
OF_A_PAIR = 4
"""Number of mistakes of the same true and predicted class, so that one does not hide the others."""
SIDE = 160
"""Height and width of a thumbnail at most, in pixels."""
SMALL = 64
"""Images of at most so many pixels a side are stored without loss."""
LETTERS = 400
"""Characters of a text that are shown."""
FEATURES = 4
"""Number of a row's values that are shown."""


def confident_mistakes(
    outputs: Mapping[str, NDArray[Any]],
    classes: Sequence[str],
    shown: Rows | None,
    columns: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the mistakes with the highest probability of the wrong class, the worst first.

    Parameters
    ----------
    outputs : mapping
        As `stored_outputs` returns them; without ``probabilities``, there is nothing to return.
    classes : sequence of str
        K class names.
    shown : Rows or None
        The held-out samples as they are stored.
    columns : sequence of str
        Names of the columns, of rows of numbers.

    Returns
    -------
    list of dict
        ``true``, ``predicted`` (names), ``probability`` of the wrong class and ``of_true`` of the
        right one, in 0..1, ``row`` (from 0), and what is known of ``name``, ``image`` (a data
        URI), ``text`` and ``cells``.
    """
    if "probabilities" not in outputs:
        return []
    true, predicted, p = (outputs[n] for n in ("labels", "predicted", "probabilities"))
    numbers = outputs.get("rows", np.arange(len(true)))
    wrong = np.flatnonzero(true != predicted)
    surest = wrong[np.argsort(-p[wrong, predicted[wrong]], kind="stable")]
    seen: Counter[tuple[int, int]] = Counter()
    found = []
    for i in surest.tolist():
        pair = int(true[i]), int(predicted[i])
        seen[pair] += 1
        if seen[pair] > OF_A_PAIR:
            continue
        found.append(
            {
                "true": classes[pair[0]],
                "predicted": classes[pair[1]],
                "probability": float(p[i, pair[1]]),
                "of_true": float(p[i, pair[0]]),
                "row": int(numbers[i]),
                **_sample(shown, int(numbers[i]), columns),
            }
        )
        if len(found) == SHOWN:
            break
    return found


def _sample(shown: Rows | None, index: int, columns: Sequence[str]) -> dict[str, Any]:
    if shown is None or index >= len(shown):
        return {}
    row = shown[index]
    if isinstance(row, str):
        return {"text": row[:LETTERS] + ("…" if len(row) > LETTERS else "")}
    if isinstance(row, Mapping) and {"bytes", "path"} <= set(row):
        name = name_of(row, index)
        image = _thumbnail(row, index)
        named = {"name": "/".join(name.replace("\\", "/").split("/")[-2:])} if row["path"] else {}
        return {**named, **({"image": image} if image else {})}
    if isinstance(row, np.ndarray) and row.dtype == np.uint8 and row.ndim in (2, 3):
        image = _thumbnail(row, index)
        return {"image": image} if image else {}
    if isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype.kind in "biuf":
        return {"cells": _leading(shown, row, columns)}
    if isinstance(row, (list, tuple)) and all(isinstance(word, str) for word in row):
        return {"text": " ".join(row)[:LETTERS]}
    return {}


def _thumbnail(row: Any, index: int) -> str | None:
    """Return a stored image as a data URI; None if it cannot be decoded."""
    try:
        image = decode_image(row, index)
        gray = image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16")
        extrema = np.asarray(image) if image.mode in ("I", "F") else None
        bounds = None if extrema is None else (float(extrema.min()), float(extrema.max()))
        image = in_8_bits(image, 1 if gray else 3, bounds)
    except (InputError, ValueError):
        return None
    small = max(image.size) <= SMALL
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "PNG" if small else "JPEG", **({} if small else {"quality": 80}))
    kind = "png" if small else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def _leading(shown: Rows, row: NDArray[Any], columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return the values of a row that are farthest from the mean, in standard deviations."""
    values = np.asarray(shown.values, dtype=np.float64)
    spread = values.std(0)
    far = np.abs(row - values.mean(0)) / np.where(spread > 0, spread, np.inf)
    names = columns if len(columns) == len(row) else [f"column {j}" for j in range(len(row))]
    return [(names[j], f"{row[j]:.4g}") for j in np.argsort(-far, kind="stable")[:FEATURES]]
