"""Texts as the tokens of a pretrained language model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from imbtorch.extras import extra

PAD = -1
"""What fills the rows of shorter texts; no tokenizer has this number."""


@dataclass(frozen=True)
class TokenInput:
    """Texts -> numbers of their tokens: int32 (N, L), filled with `PAD` behind the text's end.

    Parameters
    ----------
    tokenizer : str
        The tokenizer as JSON, as the library tokenizers writes it.
    max_length : int
        Tokens of a text, special ones included; what is longer is cut off.
    columns : tuple of str, default=()
        The columns of DATA that were joined, in this order; empty if unknown.
    """

    tokenizer: str
    max_length: int
    columns: tuple[str, ...] = ()
    kind = "tokens"

    def transform(self, rows: Sequence[str]) -> Tensor:
        """Return the texts as an int32 tensor of shape (N, L), L the length of the longest."""
        with extra("hf", "a language model"):
            from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.tokenizer)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_length)
        encoded = [text.ids for text in tokenizer.encode_batch(list(rows))]
        out = np.full((len(encoded), max(map(len, encoded))), PAD, np.int32)
        for row, ids in zip(out, encoded, strict=True):
            row[: len(ids)] = ids
        return torch.from_numpy(out)
