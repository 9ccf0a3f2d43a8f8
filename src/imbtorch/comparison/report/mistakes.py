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
Cell = tuple[str, str]
"""Name and value."""


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
        right one, in 0..1, ``row`` (where it stands in the stored data, from 0), and what is known
        of ``name``, ``image`` (a data URI), ``text`` and ``cells``.
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
                **_sample(shown, int(numbers[i])),
            }
        )
        if len(found) == SHOWN:
            break
    if shown is not None and _is_table(shown):
        at = [i for i, one in enumerate(found) if one["row"] < len(shown)]
        cells = _leading(shown, [found[i]["row"] for i in at], columns)
        for i, of in zip(at, cells, strict=True):
            found[i]["cells"] = of
    if shown is not None:
        for one in found:
            one["row"] = int(shown.numbers[one["row"]]) if one["row"] < len(shown) else one["row"]
    return found


def _sample(shown: Rows | None, index: int) -> dict[str, Any]:
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


def _is_table(shown: Rows | None) -> bool:
    """Whether rows are rows of a table or of numbers."""
    values = None if shown is None else shown.values
    return isinstance(values, np.ndarray) and (
        values.dtype.names is not None or (values.ndim == 2 and values.dtype.kind in "biuf")
    )


def _leading(shown: Rows, rows: Sequence[int], columns: Sequence[str]) -> list[list[Cell]]:
    """Return the values of some rows that are farthest from the mean, in standard deviations.

    That of a category is the deviation of its indicator: the rarer, the farther.
    """
    values = shown.values
    if values.dtype.names:
        names, parts = values.dtype.names, [values[name] for name in values.dtype.names]
    else:
        unnamed = [f"column {j}" for j in range(values.shape[1])]
        names, parts = columns if len(columns) == len(unnamed) else unnamed, list(values.T)
    far = np.array([_deviations(part, rows) for part in parts]).T
    cells = []
    for row, of in zip(rows, far, strict=True):
        order = np.argsort(-of, kind="stable")[:FEATURES]
        cells.append([(names[j], _written(parts[j][row])) for j in order.tolist()])
    return cells


def _deviations(part: NDArray[Any], rows: Sequence[int]) -> NDArray[np.float64]:
    """Return how far the values of some rows of a column are from its mean."""
    if part.dtype.kind not in "biufM":
        names = np.array([str(value) for value in part])
        _, place, counts = np.unique(names, return_inverse=True, return_counts=True)
        share = counts[place[list(rows)]] / len(names)
        return np.asarray(np.sqrt((1 - share) / share))
    numbers = part.astype("datetime64[s]" if part.dtype.kind == "M" else part.dtype)
    floats = numbers.astype(np.float64)
    if part.dtype.kind == "M":
        floats[np.isnat(part)] = np.nan
    known = floats[np.isfinite(floats)]
    spread = known.std() if len(known) else 0.0
    if not spread > 0:
        return np.zeros(len(rows))
    away: NDArray[np.float64] = np.nan_to_num(np.abs(floats[list(rows)] - known.mean()) / spread)
    return away


def _written(value: Any) -> str:
    number = isinstance(value, (float, np.floating))
    return f"{value:.4g}" if number else str(value)[:LETTERS]
