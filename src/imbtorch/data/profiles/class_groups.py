"""Groups of classes by size: majority and minority; many-, medium- and few-shot."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imbtorch.errors import InputError

Rule = Literal["amo", "aos", "dos"]
SHOTS = (20, 100)
"""Number of samples below which a class is few-shot, and above which it is many-shot."""


def _checked(class_counts: Sequence[int]) -> NDArray[np.float64]:
    from imbtorch.data.checks import check_counts  # torch, which listing the tables needs not

    counts: NDArray[np.float64] = check_counts(class_counts).numpy()
    return counts


def minority_classes(class_counts: Sequence[int], by: Rule = "amo") -> NDArray[np.bool_]:
    """Mark the minority classes; each paper draws the line in a different place.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    by : {"amo", "aos", "dos"}, default="amo"
        - amo: all classes except the majority, which is the smallest set of most frequent
          classes that together hold more than 50 % of the samples; at least one is minority.
        - aos: the classes below the mean count, n_k < N / K. In a step profile these are the
          reduced classes.
        - dos: the classes below half the mean count, n_k < N / 2K. If some classes lose 90 % or
          more of their samples, these are the reduced classes.

    Returns
    -------
    ndarray of shape (K,), bool

    Raises
    ------
    InputError
        If a count is below 1 or the rule is unknown.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.1 ("Major" and "Minor"); AOS poster, Algorithm 1; DOS
    (Ando and Huang, ECML 2017), Table 6. AOS and DOS only say that the reduced classes are
    minority; the mean count extends that to all other counts.

    Examples
    --------
    >>> minority_classes([5000, 2997, 1796]).tolist()
    [False, True, True]
    >>> minority_classes([100, 100, 40, 5], by="aos").tolist()
    [False, False, True, True]
    >>> minority_classes([100, 100, 40, 5], by="dos").tolist()
    [False, False, False, True]
    """
    counts = _checked(class_counts)
    if by == "amo":
        order = np.argsort(-counts, kind="stable")
        number = int(np.argmax(counts[order].cumsum() > counts.sum() / 2)) + 1
        minority = np.ones(len(counts), dtype=np.bool_)
        minority[order[: min(number, len(counts) - 1)]] = False
        return minority
    if by not in ("aos", "dos"):
        raise InputError(f"by is {by!r}; it must be amo, aos or dos")
    below: NDArray[np.bool_] = counts < counts.mean() / (1 if by == "aos" else 2)
    return below


def shot_groups(
    class_counts: Sequence[int], shots: tuple[int, int] = SHOTS
) -> dict[str, NDArray[np.bool_]]:
    """Mark the many-, medium- and few-shot classes.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    shots : tuple of int, default=(20, 100)
        Few-shot classes have fewer samples than the first bound, many-shot classes more than
        the second; medium-shot classes lie between them, both bounds included.

    Returns
    -------
    dict of str to ndarray of shape (K,), bool
        ``many``, ``medium`` and ``few``; a group may be empty.

    Raises
    ------
    InputError
        If a count is below 1 or the bounds are not in ascending order.

    References
    ----------
    Liu et al., "Large-scale long-tailed recognition in an open world", CVPR 2019, section 5.

    Examples
    --------
    >>> {name: mask.tolist() for name, mask in shot_groups([500, 100, 20, 5]).items()}
    {'many': [True, False, False, False], 'medium': [False, True, True, False], \
'few': [False, False, False, True]}
    """
    low, high = shots
    if not 1 <= low <= high:
        raise InputError(f"shots is {shots}; two ascending numbers of at least 1 are needed")
    counts = _checked(class_counts)
    return {
        "many": counts > high,
        "medium": (counts >= low) & (counts <= high),
        "few": counts < low,
    }


def shot_bounds(text: str) -> tuple[int, int]:
    """Return the bounds of few-shot and many-shot classes from ``LOW,HIGH``.

    Examples
    --------
    >>> shot_bounds("20,100")
    (20, 100)
    """
    try:
        low, high = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"shots is {text!r}; two whole numbers are needed, such as 20,100"
        ) from None
    shot_groups([1], (low, high))
    return low, high
