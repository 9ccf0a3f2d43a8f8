"""The numbers that the report's page draws its charts and tables from, as compact JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from imbtorch.comparison.report.canvas import (
    MANY,
    Rows,
    by_frequency,
    by_recipe,
    held_out,
    mean_over_seeds,
)
from imbtorch.comparison.report.confusion_plots import summed_confusion
from imbtorch.comparison.report.curves import (
    STEPS,
    STEPS_OF_MANY,
    curves_of_classes,
    reliability,
    thresholds,
)
from imbtorch.comparison.report.decided import decided_threshold
from imbtorch.metrics.objective import rarer
from imbtorch.printable import printable

Outputs = Mapping[str, Mapping[str, NDArray[Any]]]
"""Recipe -> what `stored_outputs` returns of its first seed."""
CONFUSIONS = 20
"""Number of confusions listed by their share, and as many by their number."""
CURVES = 2000
"""Number of precision-recall curves on the page at most."""


def page_data(
    rows: Rows,
    outputs: Outputs,
    first: Sequence[str],
    shots: tuple[int, int],
    costs: Sequence[Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Return what the page's script needs, JSON-ready; names are printable.

    Parameters
    ----------
    rows : sequence of mapping
        Result rows.
    outputs : mapping
        Recipe -> outputs of its first seed; recipes may be missing.
    first : sequence of str
        The recipes to begin with, the one that is shown at first and the one it is compared with.
    shots : tuple of int
        Bounds of few-shot and many-shot classes.
    costs : sequence of sequence of float, optional
        Cost of each class (rows) decided as each; on the page if there are two.
    """
    data, groups = rows[0]["data"], by_recipe(rows)
    names = [*first, *(name for name in groups if name not in first)]
    number, rare = len(data["counts"]), rarer(data["counts"])
    confusions = {name: summed_confusion(groups[name]) for name in names}
    of_seed_0 = [outputs.get(name, {}) for name in names]
    known = [arrays if "probabilities" in arrays else None for arrays in of_seed_0]
    return {
        "classes": [printable(name) for name in data["classes"]],
        "counts": list(data["counts"]),
        "heldOut": held_out(rows),
        "order": by_frequency(data["counts"]).tolist(),
        "shots": list(shots),
        "recipes": [printable(name) for name in names],
        "seeds": [len(groups[name]) for name in names],
        "compared": len(first) > 1,
        **{
            measure: [_per_mille(mean_over_seeds(groups[n], "metrics", measure)) for n in names]
            for measure in ("recall", "precision", "auprc")
        },
        "tested": [confusions[name].sum(1).tolist() for name in names],
        "confusions": [worst_confusions(confusions[name]) for name in names],
        "taken": [taken_for(confusions[name]) for name in names],
        "weakest": weakest(mean_over_seeds(groups[names[0]], "metrics", "recall")),
        "reliability": [_reliability(a, data["counts"]) if a else None for a in known],
        "curves": _curves(known, number),
        "thresholds": [
            thresholds(a, rare, decided_threshold(groups[name], rare)) if a else None
            for name, a in zip(names, known, strict=True)
        ]
        if number == 2
        else None,
        "costs": costs if number == 2 else None,
        "rare": rare,
    }


def worst_confusions(confusion: csr_array) -> list[list[int]]:
    """Return the most frequent confusions: true class, predicted class, number, and the way back.

    They are those of the largest share of the true class, and those of the largest number.

    Examples
    --------
    >>> worst_confusions(csr_array(np.array([[5, 2, 0], [1, 3, 0], [4, 0, 0]])))
    [[2, 0, 4, 0], [0, 1, 2, 1], [1, 0, 1, 2]]
    """
    found = confusion.tocoo()
    wrong = (found.row != found.col) & (found.data > 0)
    true, taken, number = found.row[wrong], found.col[wrong], found.data[wrong]
    share = number / confusion.sum(1)[true]
    order = [np.argsort(-by, kind="stable")[:CONFUSIONS] for by in (share, number)]
    kept = dict.fromkeys(np.concatenate(order).tolist())
    back = confusion.tocsr()
    return [
        [int(true[i]), int(taken[i]), int(number[i]), int(back[int(taken[i]), int(true[i])])]
        for i in kept
    ]


def taken_for(confusion: csr_array) -> list[int]:
    """Return the class that each class is most often taken for; -1 where it is never mistaken.

    Examples
    --------
    >>> taken_for(csr_array(np.array([[5, 2, 1], [0, 3, 0], [4, 0, 0]])))
    [1, -1, 0]
    """
    found = confusion.tocoo()
    wrong = (found.row != found.col) & (found.data > 0)
    true, taken, number = found.row[wrong], found.col[wrong], found.data[wrong]
    most = np.full(confusion.shape[0], -1)
    order = np.lexsort((-taken, number))  # the last one written stays
    most[true[order]] = taken[order]
    return [int(k) for k in most]


def weakest(recall: NDArray[np.float64] | None) -> int:
    """Return the class of the lowest recall.

    Examples
    --------
    >>> weakest(np.array([0.9, np.nan, 0.2]))
    2
    """
    return 0 if recall is None else int(np.where(np.isnan(recall), np.inf, recall).argmin())


def _per_mille(values: NDArray[np.float64] | None) -> list[int | None] | None:
    if values is None:
        return None
    return [None if np.isnan(v) else round(1000 * v) for v in values.tolist()]


def _reliability(arrays: Mapping[str, NDArray[Any]], counts: Sequence[int]) -> list[list[float]]:
    """Return the bins of the rare one of two classes, else of the predicted class."""
    labels, p = arrays["labels"], np.asarray(arrays["probabilities"], dtype=np.float64)
    if len(counts) == 2:
        rare = rarer(counts)
        bins = reliability(p[:, rare], labels == rare)
    else:
        bins = reliability(p.max(1), p.argmax(1) == labels)
    return [[number, round(mean, 4), round(share, 4)] for number, mean, share in bins]


def _curves(
    known: Sequence[Mapping[str, NDArray[Any]] | None], number: int
) -> list[list[list[int | None] | None] | None]:
    """Return the precision-recall curves of the first recipes, as many as the page has room for."""
    steps = STEPS if number <= MANY else STEPS_OF_MANY
    room = max(2, CURVES // number)
    return [
        [None if c is None else _per_mille(c) for c in curves_of_classes(arrays, steps)]
        if arrays and place < room
        else None
        for place, arrays in enumerate(known)
    ]
