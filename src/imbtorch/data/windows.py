"""Words in their context: a window of words -> character-aware features."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

EDGE = ""
"""Stands where a window reaches beyond the text."""


def windows(tokens: Sequence[str], width: int = 3) -> list[tuple[str, ...]]:
    """Return for each token the window of words around it.

    Parameters
    ----------
    tokens : sequence of str
        The words of one text.
    width : int, default=3
        Words of a window, odd; the token stands in the middle.

    Returns
    -------
    list of tuple of str
        As many as there are tokens; beyond the text stands the empty word.

    Examples
    --------
    >>> windows(["so", "it", "goes"])
    [('', 'so', 'it'), ('so', 'it', 'goes'), ('it', 'goes', '')]
    """
    margin = [EDGE] * (width // 2)
    padded = [*margin, *tokens, *margin]
    return [tuple(padded[i : i + width]) for i in range(len(tokens))]


@dataclass(frozen=True)
class WindowInput:
    """Windows of words -> character-aware features of each word: float32 (N, width · features).

    A word is described by the set of its character n-grams (1 to 4 characters, its beginning and
    end marked), the word itself and its shape (capitals, small letters, digits), hashed into
    `features` signed counts of L2 norm 1. Nothing is learnt, so an unknown word is described
    by its parts as well.

    Parameters
    ----------
    width : int, default=3
        Words of a window.
    features : int, default=1000
        Numbers a word.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.3 (Twitter). Differs from the paper, whose word vectors
    are not at hand.

    Examples
    --------
    >>> x = WindowInput(features=64).transform([("", "so", "it"), ("so", "it", "goes")])
    >>> x.shape, x.norm(dim=1)
    (torch.Size([2, 192]), tensor([1.4142, 1.7321]))
    """

    width: int = 3
    features: int = 1000
    kind = "windows"

    def transform(self, rows: Sequence[Sequence[str]]) -> Tensor:
        """Return windows, N of `width` words each, as a tensor; the empty word is all zeros."""
        from sklearn.feature_extraction import FeatureHasher
        from sklearn.preprocessing import normalize

        words = sorted({word for row in rows for word in row})
        places = {word: i for i, word in enumerate(words)}
        hasher = FeatureHasher(self.features, input_type="string", dtype=np.float32)
        vectors = torch.from_numpy(normalize(hasher.transform(map(_parts, words))).toarray())
        indices = torch.tensor([[places[word] for word in row] for row in rows])
        return vectors[indices].flatten(1)


def _parts(word: str) -> Iterator[str]:
    if word == EDGE:
        return
    marked = f"^{word.lower()}$"
    yield f"word {marked}"
    for size in range(1, 5):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]
    shape = re.sub("[a-z]", "x", re.sub("[A-Z]", "X", re.sub("[0-9]", "d", word)))
    yield "shape " + re.sub(r"(.)\1+", r"\1", shape)
