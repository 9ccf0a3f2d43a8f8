"""Which samples each class has, by one sort of the labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.errors import InputError


def members_of(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the indices of all classes, one after the other, and where each class ends.

    Of several labels per sample: of each label, and of the samples without one.

    Examples
    --------
    >>> members, ends = members_of(np.array([1, 0, 1, 5]))
    >>> [part.tolist() for part in np.split(members, ends[:-1])]
    [[1], [0, 2], [3]]
    """
    if labels.ndim == 1:
        if labels.dtype.kind in "fO" and (labels != labels).any():
            raise InputError("labels holds NaN; every sample needs a label")
        narrow = _narrow(labels)
        try:
            members = narrow.argsort(kind="stable").astype(_index_type(len(labels)))
        except TypeError as error:
            raise InputError(f"labels holds values of several types: {error}") from error
        in_order = narrow[members]
        return members, np.append(np.flatnonzero(in_order[1:] != in_order[:-1]) + 1, len(labels))
    if not np.isin(labels, (0, 1)).all():
        hint = (
            "; labels of one class per sample have the shape (N,)" if labels.shape[1] == 1 else ""
        )
        raise InputError(
            f"labels of shape {labels.shape} hold values other than 0 and 1; one column per label "
            f"is needed, true where it is present{hint}"
        )
    present = labels.astype(bool)
    groups = np.column_stack([present, ~present.any(1)])
    sizes = groups.sum(0)
    return groups.T.nonzero()[1].astype(_index_type(len(labels))), sizes[sizes > 0].cumsum()


def _narrow(labels: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in the same order, in 16 bits if they fit: NumPy sorts them by radix."""
    if labels.dtype.kind not in "iu" or labels.dtype.itemsize <= 2:
        return labels
    low = labels.min()
    if int(labels.max()) - int(low) >= 2**16:
        return labels
    # differences modulo 2^16, without a wide copy
    narrow: NDArray[Any] = np.subtract(labels, low, dtype=np.uint16, casting="unsafe")
    return narrow


def _index_type(n: int) -> type[np.int32] | type[np.int64]:
    return np.int32 if n < 2**31 else np.int64
