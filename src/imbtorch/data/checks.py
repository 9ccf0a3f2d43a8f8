"""Argument checks shared by all rooms; each error says what was given and what is right."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, fx

from imbtorch.data.array_likes import check_class_order, check_mask, number_labels
from imbtorch.data.finite import check_finite
from imbtorch.errors import InputError

Array: TypeAlias = ArrayLike | Tensor
"""Numbers in any form: an array, a nested list, a data frame, a Tensor on any device."""
RandomState: TypeAlias = int | np.random.RandomState | None
"""As in scikit-learn: a number always gives the same result, None a new one each time (from a fresh
seed, not from NumPy's global state)."""


def check_one_label(y: Tensor) -> Tensor:
    """Return labels of shape (N,); for multi-label y, the InputError says what to use instead."""
    if y.ndim != 1:
        raise InputError(
            f"y has shape {tuple(y.shape)}; one label per sample, shape (N,), is needed. For "
            "several labels per sample, use MultiLabelAsymmetricLoss and ClassBalancedSampler in "
            "your own training loop"
        )
    return y


def check_labels(y: object, name: str = "y") -> Tensor:
    """Return labels as an int64 tensor of shape (N,); they must be whole numbers from 0 on."""
    labels = check_one_label(as_numbers(number_labels(y), name))
    if labels.is_floating_point() and not bool((labels == labels.trunc()).all()):
        raise InputError(
            f"{name} holds values that are not whole numbers; labels 0..K-1 are needed"
        )
    labels = labels.long()
    if len(labels) and int(labels.min()) < 0:
        raise InputError(f"{name} holds the label {int(labels.min())}; labels 0..K-1 are needed")
    return labels


def label_arrays(
    y_true: object, y_pred: object, num_classes: int, of: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true and predicted labels as arrays; `of` names what has `num_classes` classes.

    There must be as many of both, at least one, all in 0..K-1; see `check_labels`.
    """
    given = (y_true, "y_true"), (y_pred, "y_pred")
    true, predicted = (check_labels(y, name).cpu().numpy() for y, name in given)
    if true.shape != predicted.shape or not len(true) > 0:
        raise InputError(
            f"y_true has {len(true)} labels and y_pred {len(predicted)}; both must have the same "
            "number, at least 1"
        )
    if max(true.max(), predicted.max()) >= num_classes:
        raise InputError(
            f"y_true holds labels up to {true.max()} and y_pred up to {predicted.max()}; "
            f"{of} has {num_classes} classes"
        )
    return true, predicted


def check_counts(counts: Sequence[int], name: str = "class_counts") -> Tensor:
    """Return class counts as a float64 tensor of shape (K,); each must be at least 1."""
    check_class_order(counts, name, "index")
    n = as_numbers(counts, name).double()
    if n.ndim != 1 or len(n) == 0 or not bool(((n >= 1) & n.isfinite()).all()):
        raise InputError(f"{name} is {n.tolist()}; every class needs a count of at least 1")
    return n


def check_images(x: Tensor) -> None:
    """Raise an InputError if `x` is not a batch of images."""
    if x.ndim != 4:
        raise InputError(f"x has shape {tuple(x.shape)}; images of shape (B, C, H, W) are needed")


def check_pixels(x: Tensor, by: str, *, colors: bool = False) -> None:
    """Raise an InputError if `x` is not a batch of images in uint8 or in floats in 0..1.

    With `colors`, they must be gray or in color, too. `by` names what needs such images.
    """
    check_images(x)
    if colors and x.shape[1] not in (1, 3):
        raise InputError(f"x has {x.shape[1]} channels; {by} needs 1 (gray) or 3 (color)")
    if x.dtype == torch.uint8:
        return  # nothing is read: on a GPU that would wait for it
    needed = f"{by} needs images in uint8 or in floats in 0..1"
    if not x.is_floating_point():
        raise InputError(f"x is of {x.dtype}; {needed}")
    if not bool(((x >= 0) & (x <= 1)).all()):
        raise InputError(f"x holds values outside 0..1; {needed}, not yet normalized")


def check_batch(x: Tensor, y: Tensor, num_classes: int) -> Tensor:
    """Check a batch given to a transform, and return its labels as int64.

    Values only on the CPU: to read them elsewhere would mean waiting for the device, which itself
    refuses a label out of range; NaN reaches the loss.

    Parameters
    ----------
    x : Tensor
        Must be of shape (B, ...), float and finite.
    y : Tensor
        Must be of shape (B,), integer, within 0..K-1.
    num_classes : int
        Number of classes K.
    """
    for name, value in (("x", x), ("y", y)):
        if not isinstance(value, Tensor):
            raise InputError(f"{name} is a {type(value).__name__}; a Tensor is needed")
    if x.ndim == 0 or not x.is_floating_point():
        raise InputError(
            f"x has shape {tuple(x.shape)} and dtype {x.dtype}; a float Tensor (B, ...) is needed"
        )
    if y.shape != x.shape[:1] or y.is_floating_point():
        raise InputError(
            f"y has shape {tuple(y.shape)} and dtype {y.dtype}; with x of shape "
            f"{tuple(x.shape)}, int64 labels of shape ({len(x)},) are needed"
        )
    if x.device.type != "cpu":
        return y.long()
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < num_classes:
        raise InputError(
            f"y holds labels {int(y.min())} to {int(y.max())}; there are only {num_classes} classes"
        )
    check_finite(x)
    return y.long()


def logits_of(output: object) -> Tensor:
    """Return the logits in what a network returned.

    That is a Tensor itself; or what a dict, dataclass or tuple calls ``logits`` (transformers,
    torchvision's Inception); or the first part of a tuple or list, if it is a float Tensor (B, K)
    and no other part is a Tensor (B, D) that could be meant. A network without its head (see
    `imbtorch.models.split_head`) has its embeddings there.

    Raises
    ------
    InputError
        If there are no logits in it.

    Examples
    --------
    >>> logits_of({"loss": None, "logits": torch.zeros(2, 3)}).shape
    torch.Size([2, 3])
    """
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        found, parts = output.get("logits"), f" with the keys {', '.join(map(str, output))}"
    elif isinstance(output, (tuple, list)) and not hasattr(output, "logits"):
        shapes = [tuple(part.shape) for part in output if isinstance(part, Tensor)]
        found, parts = next(iter(output), None), f" of Tensors {', '.join(map(str, shapes))}"
        flat = isinstance(found, Tensor) and found.is_floating_point() and found.ndim == 2
        if not flat or len({shape for shape in shapes if len(shape) == 2}) > 1:
            found = None  # another part could be the logits
    else:
        found, parts = getattr(output, "logits", None), ""
    if isinstance(found, (Tensor, fx.Proxy)):  # a Proxy while the network is traced
        return found  # type: ignore[return-value]
    raise InputError(
        f"the network returned a {type(output).__name__}{parts}; it must return logits as a Tensor "
        "(B, K), under the name logits, or as the first part of a tuple without other (B, D)"
    )


def embeddings_of(output: object) -> Tensor:
    """Return the embeddings in what a network without its head returned.

    That is what `logits_of` finds, or what a dict or dataclass calls ``pooler_output`` or
    ``image_embeds`` or ``text_embeds`` (transformers), or ``embeddings``.

    Examples
    --------
    >>> output = {"last_hidden_state": torch.zeros(2, 5, 3), "pooler_output": torch.zeros(2, 3)}
    >>> embeddings_of(output).shape
    torch.Size([2, 3])
    """
    if isinstance(output, Tensor) or isinstance(_part(output, "logits"), (Tensor, fx.Proxy)):
        return logits_of(output)
    found = {name: part for name in EMBEDDINGS if isinstance(part := _part(output, name), Tensor)}
    if len(found) > 1:
        raise InputError(
            f"the network returned {' and '.join(found)}; one of them alone is needed, or a Tensor"
        )
    for part in found.values():
        return part.flatten(1) if part.shape[2:] == (1, 1) else part
    places = _part(output, "last_hidden_state")
    if isinstance(places, Tensor):
        raise InputError(
            f"the network returned last_hidden_state of shape {tuple(places.shape)}, an embedding "
            "for every place of the input; they must be pooled to one (B, D), by their mean for "
            "example"
        )
    return logits_of(output)


def _part(output: object, name: str) -> object:
    """Return what a dict or dataclass has under a name, None if it has nothing."""
    return output.get(name) if isinstance(output, Mapping) else getattr(output, name, None)


EMBEDDINGS = ("pooler_output", "image_embeds", "text_embeds", "embeddings")
"""Names of embeddings (B, D) in the outputs of libraries."""


def as_numbers(values: object, name: str) -> Tensor:
    """Return an array-like as a Tensor, without a copy if possible."""
    check_mask(values, name)
    if isinstance(values, np.ndarray) and (
        min(values.strides, default=0) < 0 or not values.flags.writeable
    ):
        values = values.copy()  # torch accepts neither
    elif hasattr(values, "__array__") and not isinstance(values, (np.ndarray, Tensor)):
        values = _array(values)  # torch would index a pandas object by its labels
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = getattr(values, "dtype", type(values).__name__)
        raise InputError(f"{name} is of type {kind}, not an array of numbers: {error}") from error
    if tensor.is_complex():
        raise InputError(f"{name} is of type {tensor.dtype}; real numbers are needed")
    return tensor


def _array(values: Any) -> NDArray[Any]:
    """Return an array; of a data frame's columns of several kinds of numbers, pandas makes objects.

    Numbers that are missing become NaN.
    """
    array = np.array(values)
    kinds = getattr(values, "dtypes", None)
    if array.dtype == object and kinds is not None:
        kinds = [kinds] if array.ndim == 1 else list(kinds)
        if all(getattr(kind, "kind", "O") in "biuf" for kind in kinds):
            array = values.to_numpy(np.float64, na_value=np.nan)
    return array
