"""Words in context: windows of words, and character-aware features of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

EDGE = ""
"""The empty word, which fills a window where it extends beyond the text."""


def windows(tokens: Sequence[str], width: int = 3) -> list[tuple[str, ...]]:
    """Return the window of words around each token.

    Parameters
    ----------
    tokens : sequence of str
        The words of one text.
    width : int, default=3
        Words per window, odd; the token is in the middle.

    Returns
    -------
    list of tuple of str
        One window per token; positions beyond the text hold the empty word.

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

    A word is described by the set of its character n-grams (1 to 4 characters, with its beginning
    and end marked), the word itself and its shape (uppercase, lowercase, digits), hashed into
    `features` signed counts of L2 norm 1. Nothing is learned, so the parts of an unknown word
    describe it as well.

    Parameters
    ----------
    width : int, default=3
        Words per window.
    features : int, default=1000
        Features per word.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.3 (Twitter). Differs from the paper, whose word vectors
    are not available.

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
        """Return N windows of `width` words as a tensor; the empty word is all zeros."""
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
