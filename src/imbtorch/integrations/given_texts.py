"""Texts as an estimator is given them, and the networks that take them."""

from typing import Any

from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.models.backbones import is_backbone, open_backbone


def text_input(model: object, X: Any) -> TokenInput | None:
    """Return how a network takes texts, if it does; an InputError if X holds texts and it does not.

    Examples
    --------
    >>> text_input("mlp", ["so it goes"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    imbtorch.errors.InputError: X holds texts, which model 'mlp' does not take: name a ...
    """
    if isinstance(model, str) and is_backbone(model):
        takes = open_backbone(model, pretrained=False).takes
        if isinstance(takes, TokenInput):
            return takes
    if given_texts(X) is not None:
        shown = model if isinstance(model, str) else type(model).__name__
        raise InputError(
            f"X holds texts, which model {shown!r} does not take: name a language model as "
            "hf:NAME-or-folder, such as hf:sentence-transformers/all-MiniLM-L6-v2"
        )
    return None


def texts_for(model: object, X: Any) -> list[str]:
    """Return the texts for a network that takes them; an InputError if X holds anything else."""
    texts = given_texts(X)
    if texts is None:
        raise InputError(
            f"model is {model!r}, which takes texts: X must be a list, array or Series of strings"
        )
    return texts


def given_texts(X: Any) -> list[str] | None:
    """Return X as a list of texts, None if it holds anything else.

    Examples
    --------
    >>> import numpy as np
    >>> given_texts(np.array(["so it goes", "on"])), given_texts([[1.0, 2.0]])
    (['so it goes', 'on'], None)
    >>> given_texts(["so it goes", None])
    Traceback (most recent call last):
    imbtorch.errors.InputError: X holds 1 values among 2 that are not texts (row 1: None); fill them
    """
    dtype = getattr(X, "dtype", None)
    if not isinstance(X, (list, tuple)) and (
        getattr(X, "ndim", 0) != 1 or getattr(dtype, "kind", "O") not in "OU"
    ):
        return None
    values = list(X)
    odd = [i for i, value in enumerate(values) if not isinstance(value, str)]
    if len(odd) == len(values):
        return None
    if odd:
        raise InputError(
            f"X holds {len(odd)} values among {len(values)} that are not texts "
            f"(row {odd[0]}: {values[odd[0]]!r}); fill them"
        )
    return list(map(str, values))
